"""What a benchmark tells in the end, and how its command ends."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measuring.machine import Machine
from benchmarks.measuring.results import (
    Goal,
    Row,
    exit_status,
    goals_table,
    machine_line,
    markdown_table,
    write_results,
)
from pipeline.data.files import write_bytes
from pipeline.settings.errors import PipelineError
from pipeline.settings.exits import INTERRUPTED, REFUSED
from pipeline.settings.paths import STORE_ROOT, display


@dataclass(frozen=True)
class Findings:
    """What a benchmark found.

    Attributes:
        rows: Figures over runs.
        goals: What was to be reached.
        texts: Paragraphs and tables in Markdown, above the table of the goals.
        details: What else goes into the JSON file.
    """

    rows: Sequence[Row]
    goals: Sequence[Goal]
    texts: Sequence[str]
    details: Mapping[str, Any] = field(default_factory=dict)


def publish(findings: Findings, path: Path, *, machine: Machine) -> int:
    """Writes what was found as JSON and as a table beside it (`.md`), and prints the table.

    Args:
        findings: What was found.
        path: The JSON file.
        machine: What was measured on.

    Returns:
        The exit status: 1 where a goal is not met.
    """
    write_results(path, machine=machine, rows=findings.rows, goals=findings.goals, details=findings.details)
    parts = [*findings.texts, f"{machine_line(machine)}.", goals_table(findings.goals)]
    text = "\n\n".join(parts) + "\n"
    write_bytes(text.encode(), path.with_suffix(".md"))
    print(f"{text}\n{display(path)}, with this table (.md) and a picture (.png)")
    return exit_status(findings.goals)


def rows_table(rows: Iterable[Row]) -> str:
    """Gives rows as a Markdown table, four significant digits a figure."""
    cells = [
        (row.name, *(figure(value) for value in (row.median, row.min, row.max)), str(row.runs), row.unit)
        for row in rows
    ]
    return markdown_table(("what", "median", "least", "greatest", "runs", "unit"), cells, left=1)


def figure(value: float) -> str:
    """Gives a number as text, with four significant digits or all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def end(
    measure: Callable[[argparse.Namespace], int], options: argparse.Namespace, *, interrupted: str = "interrupted"
) -> int:
    """Runs a benchmark and says in one line what the user can mend.

    Args:
        measure: The benchmark; it gives its exit status.
        options: Its command line.
        interrupted: What is said where the user stops it.

    Returns:
        The command's exit status.
    """
    try:
        return measure(options)
    except PipelineError as error:
        sys.stderr.write(f"error: {error}\n")
        return REFUSED
    except KeyboardInterrupt:
        sys.stderr.write(f"error: {interrupted}\n")
        return INTERRUPTED


def options_of(name: str, description: str | None) -> argparse.ArgumentParser:
    """Gives the parser of a benchmark's command line, with the options that all have.

    Args:
        name: The benchmark, as in `python -m benchmarks.NAME`.
        description: The module's docstring; its first line is shown.
    """
    parser = argparse.ArgumentParser(f"python -m benchmarks.{name}", description=(description or "").partition("\n")[0])
    results = STORE_ROOT / "runs" / name / "results.json"
    parser.add_argument("--json", type=Path, default=results, help="where the results go")
    return parser


def positive(text: str) -> int:
    """Reads a whole number of 1 or more from a command line."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more. Received: {text}")
    return int(text)


def one_of(known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Gives a reader of names with commas between, each of which must be known."""
    names = tuple(known)

    def read(text: str) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(text.split(",")))
        if unknown := [name for name in chosen if name not in names]:
            raise argparse.ArgumentTypeError(f"must be of {', '.join(names)}. Received: {unknown[0]!r}")
        return chosen

    return read


def say(line: str) -> None:
    """Tells how far a benchmark has come."""
    print(line, flush=True)
