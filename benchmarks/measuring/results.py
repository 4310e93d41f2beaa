"""What a benchmark found: rows, goals, and both as JSON and as tables."""

import json
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring.machine import Machine
from pipeline.data.files import write_bytes

SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Row:
    """A figure over several runs.

    Attributes:
        name: What was measured.
        median: The middle of the runs.
        min: The least of them.
        max: The greatest of them.
        unit: What it is measured in.
        runs: How many runs there were.
    """

    name: str
    median: float
    min: float
    max: float
    unit: str
    runs: int

    @classmethod
    def of(cls, name: str, values: Sequence[float], *, unit: str) -> "Row":
        """Gives the row of some values, one at least."""
        return cls(name, median(values), min(values), max(values), unit, len(values))


@dataclass(frozen=True)
class Goal:
    """What was to be reached, and what was.

    Attributes:
        name: Which figure, of what and when.
        want: A sign and a bound, such as `>= 0.98`.
        got: The figure; None where there is none.
        met: Whether the goal is reached.
    """

    name: str
    want: str
    got: float | None
    met: bool

    @classmethod
    def of(cls, name: str, sign: str, bound: float, *, got: float | None, counts: bool = True) -> "Goal":
        """Compares a figure with what was wanted.

        Args:
            name: Which figure.
            sign: `>=`, `>`, `<=` or `<`.
            bound: What it is compared with.
            got: The figure, if there is one.
            counts: False where there are too few runs for any goal to be called met.

        Returns:
            The goal.
        """
        met = counts and got is not None and SIGNS[sign](got, bound)
        return cls(name, f"{sign} {bound:.4g}", got, met)


def write_results(
    path: Path, *, machine: Machine, rows: Iterable[Row], goals: Iterable[Goal], details: Mapping[str, Any]
) -> None:
    """Writes a benchmark's results as JSON, whole or not at all.

    Args:
        path: The file; its folder is made if missing.
        machine: What was measured on.
        rows: Figures over runs.
        goals: What was to be reached.
        details: What else the benchmark has to tell, under names of its own.
    """
    content = {
        "machine": machine,
        **details,
        "rows": [asdict(row) for row in rows],
        "goals": [asdict(goal) for goal in goals],
    }
    write_bytes((json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode(), path)


def exit_status(goals: Iterable[Goal]) -> int:
    """Gives 0 where every goal is met, else 1."""
    return 0 if all(goal.met for goal in goals) else 1


def goals_table(goals: Iterable[Goal]) -> str:
    """Gives the goals as a Markdown table."""
    cells = [
        (goal.name, goal.want, "-" if goal.got is None else f"{goal.got:.4g}", "yes" if goal.met else "no")
        for goal in goals
    ]
    return markdown_table(("goal", "wanted", "got", "met"), cells, left=1)


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """Lays out cells as a Markdown table.

    Args:
        headings: One a column.
        rows: One cell a column each.
        left: How many of the first columns are texts; the others hold numbers and stand at the right.

    Returns:
        Lines without an end of line after the last.
    """
    rule = ["---"] * left + ["---:"] * (len(headings) - left)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))


def machine_line(machine: Machine) -> str:
    """Gives the machine as one line of text."""
    releases = ", ".join(f"{name} {machine[name]}" for name in ("python", "numpy", "keras", "tensorflow"))
    return f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB; {releases}"
