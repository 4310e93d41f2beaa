"""Runs as if they had been trained and scored."""

from benchmarks.trainings.summary import ACCURACY, COVERAGE, FRECHET, Report, Run

REFERENCES = {ACCURACY: 0.994, FRECHET: 0.26, COVERAGE: 0.95, "classification_accuracy": 0.994}


def report(step: int, seconds: float, *, accuracy: float = 0.99, frechet: float = 1.0, coverage: float = 0.8) -> Report:
    return Report(step, seconds, {ACCURACY: accuracy, FRECHET: frechet, COVERAGE: coverage})


def run(
    recipe: str, seed: int, *reports: Report, label: str | None = None, classification_accuracy: float | None = None
) -> Run:
    last = reports[-1].seconds
    return Run(recipe, seed, label, reports, last + 5, 2 * last, classification_accuracy)


def three(recipe: str, *reports: Report) -> list[Run]:
    """The same run with three seeds."""
    return [run(recipe, seed, *reports) for seed in range(3)]
