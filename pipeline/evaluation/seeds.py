"""Runs that differ in their seed alone, taken together as one setting."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.evaluation.intervals import FEWEST_SEEDS, Estimate, estimate


@dataclass(frozen=True)
class SeededRun:
    """One run among several.

    Attributes:
        settings: What it was set to, by address, its seed left out.
        seed: Its seed.
        figures: Its figures by measure; none where it did not come to its end.
    """

    settings: Mapping[str, str]
    seed: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Setting:
    """What runs with the same settings and different seeds came to.

    Attributes:
        settings: What they were set to, by address.
        runs: The figures of each seed by measure, those that are not finite left out.
    """

    settings: Mapping[str, str]
    runs: Sequence[Mapping[str, float]]

    def values(self, measure: str) -> list[float]:
        """Gives a measure's figures, one a seed that has it."""
        return [figures[measure] for figures in self.runs if measure in figures]

    def estimate(self, measure: str) -> Estimate | None:
        """Gives mean and 95 % interval of a measure; None where no seed has it."""
        values = self.values(measure)
        return estimate(values) if values else None


def by_setting(runs: Iterable[SeededRun]) -> list[Setting]:
    """Takes runs together that differ in their seed alone.

    Args:
        runs: The runs, oldest first; of several with one setting and one seed the newest that has figures counts, since
            a repetition is no further seed.

    Returns:
        The settings in the order in which they first come.
    """
    grouped: dict[tuple[tuple[str, str], ...], dict[str, Mapping[str, float]]] = {}
    for run in runs:
        seeds = grouped.setdefault(tuple(run.settings.items()), {})
        finite = {measure: value for measure, value in run.figures.items() if math.isfinite(value)}
        if finite:
            seeds[run.seed] = finite
    return [Setting(dict(settings), list(seeds.values())) for settings, seeds in grouped.items()]


def can_compare(settings: Sequence[Setting], measures: Iterable[str]) -> bool:
    """Tells whether each setting that has a measure at all has seeds enough for its interval; False if none has."""
    counts = [len(setting.values(measure)) for measure in measures for setting in settings]
    return min(filter(None, counts), default=0) >= FEWEST_SEEDS
