"""Settings of how a training is computed; the defaults suit a machine without a GPU."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.frozen import Frozen

Kernels = Literal["fast", "plain"]


class ComputeSettings(Frozen):
    """Settings of the computation of steps.

    Attributes:
        jobs: Jobs of a sweep that train at the same time, each with its share of the processor cores.
        xla: Whether XLA compiles a step. XLA draws other dropout, takes longer to compile and, without a GPU, longer to
            run.
        kernels: `fast` computes convolutions, batch normalisation, dropout and Adam with the project's own kernels for
            CPUs, `plain` with Keras' layers and optimiser. Steps are equal to float32's rounding but, with
            `recipe: shared`, for the draws of dropout.
        precision: The number format that layers compute in. Weights, optimisers, the parts' outputs and losses are
            float32 in both; with `mixed_bfloat16` results differ from one kind of machine to another.
    """

    jobs: Annotated[int, Field(ge=1, le=64)]
    xla: bool
    kernels: Kernels
    precision: Literal["float32", "mixed_bfloat16"]
