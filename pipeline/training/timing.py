"""The seam for whoever times a training: each part of it is done in a block that bears the part's name."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum


class Phase(StrEnum):
    """A part of a training. Blocks of one training do not overlap."""

    BUILD = "build"
    """Networks and optimisers are made."""
    STEP = "step"
    """One call of steps is made."""
    EVALUATION = "evaluation"
    """A report's held-out losses and the judge's measures."""
    PROGRESS = "progress"
    """The bar and the tables of a report."""
    TRACKING = "tracking"
    """Points go to the tracking store."""
    PICTURES = "pictures"
    """Samples are drawn and logged."""
    CHECKPOINT = "checkpoint"
    """The state, or a report's weights, are written."""
    FINISH = "finish"
    """Outputs of the whole training are written and logged."""


Timers = Callable[[Phase], AbstractContextManager[object]]

_NOTHING = nullcontext()


def untimed(_phase: Phase) -> AbstractContextManager[object]:
    """Returns a block that does nothing: what a training is given by default."""
    return _NOTHING
