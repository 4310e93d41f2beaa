"""Settings of how a training is computed; `auto` suits the machine, whether it has a GPU or not."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, PlainValidator

from pipeline.settings.frozen import Frozen

AUTO: Final = "auto"
STEPS_PER_CALL_ON_GPU = 50

Kernels = Literal["fast", "plain"]
Auto = Literal["auto"]


def _switch(value: object) -> bool | Auto:
    if value == AUTO:
        return AUTO
    if isinstance(value, bool):
        return value
    raise ValueError("must be auto, true or false")


def _count(value: object) -> int | Auto:
    if value == AUTO:
        return AUTO
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError("must be auto or a whole number of 1 or more")


class ComputeSettings(Frozen):
    """Settings of the computation of steps.

    Attributes:
        jobs: Jobs of a sweep that train at the same time, each with its share of the processor cores.
        xla: Whether XLA compiles a step; `auto` where TensorFlow sees a GPU. XLA draws other dropout, takes longer to
            compile and, without a GPU, longer to run.
        xla_cache: Whether steps that XLA compiled are kept in `runs/xla`, for the next run of the same networks.
        steps_per_call: Most steps in one call of the compiled step, in whose midst nothing is reported or saved;
            `auto` is 50 where TensorFlow sees a GPU, else 1.
        kernels: `fast` computes convolutions, batch normalisation, dropout and Adam with the project's own kernels for
            CPUs, `plain` with Keras' layers and optimiser; `auto` is plain where TensorFlow sees a GPU, else fast. On a
            CPU the losses of a step are equal to a relative 2e-5, unless `recipe: shared` draws another dropout. The
            judge has those of `auto` always.
        precision: The number format that layers compute in. Weights, optimisers, the parts' outputs and losses are
            float32 in both; with `mixed_bfloat16` results differ from one kind of machine to another.
    """

    jobs: Annotated[int, Field(ge=1, le=64)]
    xla: Annotated[bool | Auto, PlainValidator(_switch)]
    xla_cache: bool
    steps_per_call: Annotated[int | Auto, PlainValidator(_count)]
    kernels: Literal[Auto, Kernels]
    precision: Literal["float32", "mixed_bfloat16"]

    @property
    def is_resolved(self) -> bool:
        """Whether no setting is `auto` any more, as is wanted before a step is built or a run is named."""
        return AUTO not in (self.xla, self.steps_per_call, self.kernels)

    def resolve(self, *, gpu: bool) -> Self:
        """Returns the settings with what `auto` means on a machine with or without a GPU."""
        meant = {"xla": gpu, "steps_per_call": STEPS_PER_CALL_ON_GPU if gpu else 1, "kernels": suited_kernels(gpu=gpu)}
        return self.model_copy(update={name: value for name, value in meant.items() if getattr(self, name) == AUTO})


def suited_kernels(*, gpu: bool) -> Kernels:
    """The kernels for a machine with or without a GPU, which multiplies in TF32: too coarsely for the fast ones."""
    return "plain" if gpu else "fast"
