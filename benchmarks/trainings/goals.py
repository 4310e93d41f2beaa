"""What recipes were to reach on two cores without a GPU, and whether they did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.measuring.results import Goal
from benchmarks.trainings.summary import (
    ACCURACY,
    AT_REPORTS,
    CLASSIFICATION_ACCURACY,
    COVERAGE,
    FRECHET,
    MEASURES,
    Run,
    at_steps,
    by_recipe,
)
from pipeline.evaluation.intervals import FEWEST_SEEDS

SHARE_OF_ORIGINAL = 0.1


@dataclass(frozen=True)
class Target:
    """Figures to reach in a time.

    Attributes:
        recipe: Whose.
        seconds: From the command's start.
        bounds: Measure → the least or, of a distance, the greatest that will do.
    """

    recipe: str
    seconds: float
    bounds: Mapping[str, float]


TARGETS = (
    Target("default", 300, {ACCURACY: 0.98, FRECHET: 3, COVERAGE: 0.6}),
    Target("default", 600, {FRECHET: 1.5, COVERAGE: 0.75}),
    Target("long", 7200, {ACCURACY: 0.99, FRECHET: 0.8, COVERAGE: 0.9, CLASSIFICATION_ACCURACY: 0.98}),
)


def find_goals(runs: Sequence[Run]) -> list[Goal]:
    """Compares the medians over seeds with what was to be reached; no goal is met with fewer than three seeds.

    Runs stand where their last report in time left them: the best report is not looked for, since that would be to
    choose by the test images. A run of a smoke test meets nothing.

    Args:
        runs: All runs; a recipe without any has no goals.

    Returns:
        The goals of the recipes that were run.
    """
    recipes = by_recipe(runs)
    goals = []
    for target in TARGETS:
        if own := recipes.get(target.recipe):
            goals += [_goal(target, name, bound, own) for name, bound in target.bounds.items()]
    if "default" in recipes and "original" in recipes:
        goals += _against_original(recipes["default"], recipes["original"])
    return goals


def counts(runs: Sequence[Run]) -> bool:
    """Tells whether there are enough seeds, all of real trainings, to call one recipe better than something."""
    return len({run.seed for run in runs}) >= FEWEST_SEEDS and not any(run.label for run in runs)


def figure_within(runs: Sequence[Run], name: str, seconds: float) -> float | None:
    """Gives the median over runs of a measure at their last report whose median time is within; None without one."""
    if name == CLASSIFICATION_ACCURACY:
        known = [run.classification_accuracy for run in runs if run.classification_accuracy is not None]
        return median(known) if len(known) == len(runs) and median(run.seconds for run in runs) <= seconds else None
    within = [reports for reports in at_steps(runs).values() if median(report.seconds for report in reports) <= seconds]
    return median(report.values[name] for report in within[-1]) if within else None


def _goal(target: Target, name: str, bound: float, runs: Sequence[Run]) -> Goal:
    got = figure_within(runs, name, target.seconds)
    title = f"{target.recipe} within {target.seconds:g} s: {name}"
    return Goal.of(title, f"{MEASURES[name].sign}=", bound, got=got, counts=counts(runs))


def _against_original(default: Sequence[Run], original: Sequence[Run]) -> list[Goal]:
    last = [run.reports[-1] for run in original]
    seconds = SHARE_OF_ORIGINAL * median(report.seconds for report in last)
    return [
        Goal.of(
            f"default within a tenth of original's time, {seconds:.0f} s: {name}",
            MEASURES[name].sign,
            median(report.values[name] for report in last),
            got=figure_within(default, name, seconds),
            counts=counts(default) and counts(original),
        )
        for name in AT_REPORTS
    ]
