"""Settings of how a training is computed; the defaults suit a machine without a graphics card."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.frozen import Frozen

Kernels = Literal["fast", "plain"]


class ComputeSettings(Frozen):
    """How the steps of a training are computed.

    Attributes:
        jobs: Jobs of a sweep that train at once, each with its share of the processors.
        xla: Whether XLA compiles a step; it draws dropout by another algorithm. It takes longer to compile and, without
            a graphics card, to run.
        kernels: `fast` computes convolutions, batch normalisation, dropout and Adam by the project's own kernels, made
            for processors; `plain` by Keras' own layers and optimiser everywhere. A step is the same but for float32's
            rounding and, with `recipe: shared`, for the draws of dropout.
        precision: What layers compute in. Weights, optimisers, the parts' outputs and losses are float32 in both; with
            `mixed_bfloat16` results differ from one kind of machine to another.
    """

    jobs: Annotated[int, Field(ge=1, le=64)]
    xla: bool
    kernels: Kernels
    precision: Literal["float32", "mixed_bfloat16"]
