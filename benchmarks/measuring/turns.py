"""Measuring by turns, A B A B, so that a machine that slows down or speeds up does so for everyone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

Sample = TypeVar("Sample")


def by_turns(measures: Mapping[Any, Callable[[], Sample]], rounds: int) -> dict[Any, list[Sample]]:
    """Measures everyone once a round, in the order given; returns the samples of each, in the order of the rounds."""
    taken = [{key: measure() for key, measure in measures.items()} for _ in range(rounds)]
    return {key: [samples[key] for samples in taken] for key in measures}


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Divides the samples of one by those of another, round by round."""
    return [first / second for first, second in zip(above, below, strict=True)]
