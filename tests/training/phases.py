"""Timers that keep the names of what they timed."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.training.timing import Phase


class Phases:
    """The phases of a training in their order; none begins before the one before has ended."""

    def __init__(self) -> None:
        self.entered: list[Phase] = []
        self.open = False

    @contextmanager
    def __call__(self, phase: Phase) -> Iterator[None]:
        assert not self.open, f"{phase} begins within {self.entered[-1]}"
        self.entered.append(phase)
        self.open = True
        yield
        self.open = False
