"""Measuring by turns, A B A B, so that a machine that slows down or speeds up does so for everyone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key")
Sample = TypeVar("Sample")

FEWEST_ROUNDS = 3


def turns(keys: Sequence[Key], rounds: int) -> Iterator[tuple[int, Key]]:
    """Gives whose turn it is: everyone once a round, in the order given.

    Args:
        keys: Who is measured.
        rounds: How often.

    Yields:
        The round, from 0, and whose turn it is.
    """
    for number in range(rounds):
        for key in keys:
            yield number, key


def by_turns(measures: Mapping[Key, Callable[[], Sample]], rounds: int) -> dict[Key, list[Sample]]:
    """Measures everyone by turns.

    Args:
        measures: What is called for a sample of each.
        rounds: How often.

    Returns:
        The samples of each, in the order of the rounds.
    """
    samples: dict[Key, list[Sample]] = {key: [] for key in measures}
    for _, key in turns(list(measures), rounds):
        samples[key].append(measures[key]())
    return samples


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Divides the samples of one by those of another, round by round."""
    return [first / second for first, second in zip(above, below, strict=True)]
