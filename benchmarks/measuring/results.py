"""What a benchmark found: rows and goals, as JSON and as tables."""

import json
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring.machine import Machine, machine_line
from pipeline.data.files import write_text
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import display

Figure = float | None
SIGNS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


class BenchmarkError(PipelineError):
    """Something that was to be measured failed, or left nothing to measure."""


@dataclass(frozen=True)
class Row:
    """A figure over several runs: their middle, the least and the greatest.

    Attributes:
        name: What was measured, as `SUBJECT: MEASURE`; a table has a line a subject and a column a measure.
        unit: What it is measured in; empty for shares and ratios.
        runs: How many runs there were.
        panel: The panel of the picture that shows it; empty for none.
        curve: The curve of that panel; empty for a bar.
        at: Where on the curve; None for a line across the panel.
    """

    name: str
    median: float
    min: float
    max: float
    unit: str
    runs: int
    panel: str = ""
    curve: str = ""
    at: float | None = None

    @classmethod
    def of(cls, name: str, values: Sequence[float], *, unit: str = "", **place: Any) -> "Row":
        """Returns the row of some values, one at least; `place` is its `panel`, `curve` and `at`."""
        return cls(name, median(values), min(values), max(values), unit, len(values), **place)

    @property
    def subject(self) -> str:
        """Whose figure it is."""
        return self.name.partition(": ")[0]

    @property
    def measure(self) -> str:
        """What was measured, with its unit."""
        return self.name.partition(": ")[2] + (f" ({self.unit})" if self.unit else "")

    @property
    def spread(self) -> str:
        """The median as text, and the least and the greatest in brackets where there are several runs."""
        middle, least, greatest = (_figure(value) for value in (self.median, self.min, self.max))
        return middle if self.runs == 1 else f"{middle} ({least}–{greatest})"


@dataclass(frozen=True)
class Goal:
    """What was to be reached (`>= 0.98`), and what was; None where there is no figure."""

    name: str
    want: str
    got: Figure
    met: bool

    @property
    def shown(self) -> str:
        """What was reached as text; a figure that is not there is missing."""
        return "missing" if self.got is None else _figure(self.got)


def compare(*wanted: tuple[str, str, float, Figure], counts: bool = True) -> list[Goal]:
    """Compares figures with bounds, each a name, a sign, a bound and what was got.

    None is met that has no figure, nor any where `counts` is false, as of too few runs.
    """
    return [
        Goal(name, f"{sign} {bound:.4g}", got, counts and got is not None and SIGNS[sign](got, bound))
        for name, sign, bound, got in wanted
    ]


@dataclass(frozen=True)
class Results:
    """The results of a benchmark; `text` says what was measured, `details` go into the JSON file as they are."""

    rows: Sequence[Row]
    goals: Sequence[Goal]
    text: str
    machine: Machine = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Writes the results as JSON, whole or not at all; the file's folder is made if missing."""
        found = asdict(self)
        content = {"machine": found["machine"], "text": found["text"], **found.pop("details"), **found}
        write_text(json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n", path)

    @classmethod
    def read(cls, path: Path) -> "Results":
        """Reads what `write` wrote; a `BenchmarkError` where the file is missing or another one."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            rows, goals = [Row(**row) for row in content.pop("rows")], [Goal(**goal) for goal in content.pop("goals")]
            return cls(rows, goals, content.pop("text"), content.pop("machine"), content)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BenchmarkError(f"{display(path)} must hold a benchmark's results: {error}") from error

    def markdown(self) -> str:
        """Returns the text, a table for each set of measures that subjects have, the machine and the goals."""
        cells = [(goal.name, goal.want, goal.shown, "yes" if goal.met else "no") for goal in self.goals]
        table = markdown_table(("goal", "wanted", "got", "met"), cells)
        return "\n\n".join([self.text, *rows_tables(self.rows), machine_line(self.machine), table]) + "\n"


def rows_tables(rows: Iterable[Row]) -> list[str]:
    """Lays out rows as Markdown: a line a subject, and a table for each set of measures that subjects have."""
    subjects: dict[str, dict[str, Row]] = {}
    for row in rows:
        subjects.setdefault(row.subject, {})[row.measure] = row
    tables: dict[tuple[str, ...], list[list[str]]] = {}
    for subject, own in subjects.items():
        runs = str(max(row.runs for row in own.values()))
        tables.setdefault(tuple(own), []).append([subject, runs, *(row.spread for row in own.values())])
    return [markdown_table(("what", "runs", *measures), cells) for measures, cells in tables.items()]


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lays out cells as a Markdown table, its first column to the left and the others to the right."""
    rule = ["---"] + ["---:"] * (len(headings) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
