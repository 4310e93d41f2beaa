"""Runs that differ in their seed alone, grouped into settings."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.data.keys import Key
from pipeline.evaluation.intervals import FEWEST_SEEDS, Estimate, estimate


@dataclass(frozen=True)
class SeededRun:
    """One run of a setting.

    Attributes:
        settings: Its settings by address, without the seed.
        seed: Its seed.
        measures: What it measured, by key; empty where it did not finish.
    """

    settings: Mapping[str, str]
    seed: str
    measures: Mapping[Key, float]


@dataclass(frozen=True)
class Setting:
    """Runs with the same settings and different seeds.

    Attributes:
        settings: Their settings by address.
        runs: The measures of each seed by key, finite ones only.
    """

    settings: Mapping[str, str]
    runs: Sequence[Mapping[Key, float]]

    def values(self, measure: Key) -> list[float]:
        """Returns the values of a measure, one a seed that has it."""
        return [run[measure] for run in self.runs if measure in run]

    def estimate(self, measure: Key) -> Estimate | None:
        """Returns the mean and the 95 % interval of a measure; None where no seed has it."""
        values = self.values(measure)
        return estimate(values) if values else None


def by_setting(runs: Iterable[SeededRun]) -> list[Setting]:
    """Groups runs, oldest first, that differ in their seed alone into settings, in the order of their first run.

    Of several runs with one setting and one seed the newest with measures counts: a repetition is no further seed.
    """
    grouped: dict[tuple[tuple[str, str], ...], dict[str, Mapping[Key, float]]] = {}
    for run in runs:
        seeds = grouped.setdefault(tuple(run.settings.items()), {})
        finite = {measure: value for measure, value in run.measures.items() if math.isfinite(value)}
        if finite:
            seeds[run.seed] = finite
    return [Setting(dict(settings), list(seeds.values())) for settings, seeds in grouped.items()]


def with_enough_seeds(settings: Mapping[str, Setting], measure: Key) -> dict[str, Setting]:
    """Returns the settings, by name, with enough seeds of a measure for its interval."""
    return {name: one for name, one in settings.items() if len(one.values(measure)) >= FEWEST_SEEDS}


def can_compare(settings: Sequence[Setting], measures: Iterable[Key]) -> bool:
    """Whether two settings, or the only one that has figures, have enough seeds of a measure for its interval."""
    counts = [[count for one in settings if (count := len(one.values(measure)))] for measure in measures]
    return any(sum(count >= FEWEST_SEEDS for count in one) >= min(2, len(one)) for one in counts if one)
