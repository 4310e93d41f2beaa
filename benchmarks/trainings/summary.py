"""Runs of several seeds as medians: rows for the JSON, a table for people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.measuring.results import Row, markdown_table
from pipeline.evaluation import classification_accuracy, measures

ACCURACY, FRECHET, COVERAGE, CLASSIFICATION_ACCURACY = (
    key.name
    for key in (
        measures.ACCURACY,
        measures.FRECHET,
        measures.COVERAGE,
        classification_accuracy.CLASSIFICATION_ACCURACY,
    )
)


@dataclass(frozen=True)
class Measure:
    """How a measure is written and compared.

    Attributes:
        title: What people call it.
        unit: What it is measured in.
        decimals: Digits after the point in a table.
        more_is_better: Whether higher figures are better.
    """

    title: str
    unit: str
    decimals: int
    more_is_better: bool

    @property
    def sign(self) -> str:
        """`>` or `<`: how a better figure compares."""
        return ">" if self.more_is_better else "<"


LEARNT = Measure("classification accuracy score", "share", 4, True)
MEASURES: Mapping[str, Measure] = {
    ACCURACY: Measure("accuracy", "share", 4, True),
    FRECHET: Measure("Fréchet digit distance", "hundredths of the real variance", 2, False),
    COVERAGE: Measure("coverage", "share", 3, True),
    CLASSIFICATION_ACCURACY: LEARNT,
}
AT_REPORTS = (ACCURACY, FRECHET, COVERAGE)


@dataclass(frozen=True)
class Report:
    """How a run stood.

    Attributes:
        step: Steps taken.
        seconds: From the command's start until the report was done.
        values: The measures of `AT_REPORTS`.
    """

    step: int
    seconds: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Run:
    """A training, timed and scored.

    Attributes:
        recipe: The recipe's name.
        seed: The run's seed.
        label: Marks runs that are not to be taken for real ones; None for these.
        reports: In the order of their steps, one at least.
        seconds: The whole command's.
        processor_seconds: The whole command's, on all cores.
        classification_accuracy: At its end; None where it was not asked for.
    """

    recipe: str
    seed: int
    label: str | None
    reports: tuple[Report, ...]
    seconds: float
    processor_seconds: float
    classification_accuracy: float | None = None


def by_recipe(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Gives the runs of each recipe, in the order of their first appearance."""
    recipes: dict[str, list[Run]] = {}
    for run in runs:
        recipes.setdefault(run.recipe, []).append(run)
    return recipes


def at_steps(runs: Sequence[Run]) -> dict[int, list[Report]]:
    """Gives the reports of one recipe's runs by step; those steps alone that every run reported at."""
    shared = set.intersection(*({report.step for report in run.reports} for run in runs))
    return {step: [report for run in runs for report in run.reports if report.step == step] for step in sorted(shared)}


def make_rows(runs: Iterable[Run]) -> list[Row]:
    """Gives each recipe's seconds and measures at each report, and what the whole command took."""
    rows = []
    for recipe, own in by_recipe(runs).items():
        for step, reports in at_steps(own).items():
            rows.append(Row.of(f"{recipe}, step {step}: seconds", [report.seconds for report in reports], unit="s"))
            for name in AT_REPORTS:
                values = [report.values[name] for report in reports]
                rows.append(Row.of(f"{recipe}, step {step}: {name}", values, unit=MEASURES[name].unit))
        rows.append(Row.of(f"{recipe}: seconds", [run.seconds for run in own], unit="s"))
        rows.append(Row.of(f"{recipe}: processor_seconds", [run.processor_seconds for run in own], unit="s"))
        if scores := _classification(own):
            rows.append(Row.of(f"{recipe}: {CLASSIFICATION_ACCURACY}", scores, unit=LEARNT.unit))
    return rows


def reports_table(runs: Iterable[Run], references: Mapping[str, float]) -> str:
    """Gives each recipe's medians at each report as a Markdown table, the real digits' references in the last row.

    Args:
        runs: All runs.
        references: What real digits score, of each measure in `AT_REPORTS`.

    Returns:
        The table; behind a median stand the least and the greatest of the seeds, where there are several.
    """
    headings = ["recipe", "seeds", "steps", "seconds", *(MEASURES[name].title for name in AT_REPORTS)]
    cells = []
    for recipe, own in by_recipe(runs).items():
        for step, reports in at_steps(own).items():
            figures = [
                spread([report.values[name] for report in reports], MEASURES[name].decimals) for name in AT_REPORTS
            ]
            seconds = spread([report.seconds for report in reports], 0)
            cells.append([recipe, str(len(own)), f"{step:,}", seconds, *figures])
    reference = [f"{references[name]:.{MEASURES[name].decimals}f}" for name in AT_REPORTS]
    return markdown_table(headings, [*cells, ["real digits", "", "", "", *reference]], left=1)


def commands_table(runs: Sequence[Run], references: Mapping[str, float]) -> str:
    """Gives what each recipe's whole command took, and the score that is found at its end alone, as Markdown.

    Args:
        runs: All runs.
        references: What real digits score in the classification accuracy score: the judge's own accuracy.

    Returns:
        The table.
    """
    scored = bool(_classification(runs))
    cells = []
    for recipe, own in by_recipe(runs).items():
        times = [spread([run.seconds for run in own], 0), spread([run.processor_seconds for run in own], 0)]
        scores = _classification(own)
        score = [spread(scores, LEARNT.decimals) if scores else "-"] if scored else []
        cells.append([recipe, *times, *score])
    headings = ["recipe", "seconds of the whole command", "processor seconds"]
    if scored:
        headings.append(LEARNT.title)
        cells.append(["real digits", "", "", f"{references[CLASSIFICATION_ACCURACY]:.{LEARNT.decimals}f}"])
    return markdown_table(headings, cells, left=1)


def spread(values: Sequence[float], decimals: int) -> str:
    """Gives the median of values as text, and their least and greatest in brackets where there are several."""
    middle = f"{median(values):,.{decimals}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{decimals}f}–{max(values):,.{decimals}f})"


def _classification(runs: Iterable[Run]) -> list[float]:
    return [run.classification_accuracy for run in runs if run.classification_accuracy is not None]
