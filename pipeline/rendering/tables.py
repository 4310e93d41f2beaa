"""Tables for a terminal or a log file: losses of components, measures beside real digits, jobs of a sweep."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeGuard

from rich import box
from rich.table import Table
from rich.text import Text

from pipeline.data.keys import Key
from pipeline.data.rows import Row
from pipeline.evaluation.accuracy import Confusion
from pipeline.evaluation.references import Measurement

REAL_DIGITS, REAL_IMAGES = "real digits", "real images"
HEADING_WIDTH = 12
DECIMALS = 4
BAD_NEWS = {"FAILED", "KILLED", "nan"}

Cell = str | float | None


def rows_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """Lays out named rows of numbers, such as the losses of each component, for a console to print.

    The first heading stands above the rows' names. A cell is a text, a number, or None for an empty one.

    Raises:
        ValueError: A row has not one cell a column.
    """
    whole = Text(title, "bold", no_wrap=True, overflow="ignore")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, title=whole, title_justify="left")
    for place, heading in enumerate(columns):
        table.add_column(Text(heading), justify="right" if place else "left", overflow="fold")
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"`rows` must have {len(columns)} cells each, one a column. Received: {list(row)}")
        table.add_row(*map(_cell, row))
    return table


def losses_table(title: str, splits: Mapping[str, Mapping[Key, float]]) -> Table:
    """Lays out the losses of each component on each split: `component | loss | generation_loss | auxiliary_loss`.

    `splits` maps a heading to the losses of one split and scheme; the table has a row a component and split.
    """
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for split, values in splits.items():
        for key, value in values.items():
            cells.setdefault((key.component, split), {})[key.measure] = value
    components = list(dict.fromkeys(component for component, _ in cells))
    columns = list(dict.fromkeys(loss for losses in cells.values() for loss in losses))
    ordered = sorted(cells, key=lambda place: components.index(place[0]))
    rows = [(_row_name(*place), *(cells[place].get(column) for column in columns)) for place in ordered]
    return rows_table(title, ("component", *columns), rows)


def measurements_table(title: str, measurements: Mapping[Key, Measurement], *, real: str = REAL_DIGITS) -> Table:
    """Lays out measures of generated digits beside those of real ones: `measure | value | real digits`.

    `real` is the heading of the latter.

    Measures of single digits are left to `digits_table`.
    """
    shown = {key.name: found for key, found in measurements.items() if not key.of_one_digit}
    rows = [(name, found.value, found.reference) for name, found in shown.items()]
    return rows_table(title, ("measure", "value", real), rows)


def digits_table(
    title: str, measurements: Mapping[Key, Measurement], *, names: Sequence[str] = (), real: str = REAL_DIGITS
) -> Table:
    """Lays out the measures of single digits beside those of real ones: `digit | MEASURE | real digits | …`.

    `names` are those of the classes, where they are no digits; `real` is the heading of the latter.
    """
    shown = [key for key in measurements if key.of_one_digit]
    measures = list(dict.fromkeys(key.measure for key in shown))
    rows = []
    for digit in sorted({key.digit for key in shown}, key=int):
        found = [measurements.get(Key(measure, digit=digit)) for measure in measures]
        pairs = [(one.value, one.reference) if one else (None, None) for one in found]
        rows.append((names[int(digit)] if names else digit, *(cell for pair in pairs for cell in pair)))
    headings = (heading for measure in measures for heading in (measure, real))
    return rows_table(title, ("class" if names else "digit", *headings), rows)


def sweep_table(rows: Sequence[Mapping[str, object]], *, title: str) -> Table:
    """Lays out the jobs of a sweep, a row each; failed jobs stand out.

    A job may lack some values. Headings are in the order of their first appearance, and long ones break at slashes,
    dots and underscores.
    """
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    columns = [[row.get(heading) for row in rows] for heading in headings]
    texts = [_texts(column) for column in columns]
    table = rows_table(title, [_broken(heading) for heading in headings], list(zip(*texts, strict=True)))
    for drawn, values in zip(table.columns, columns, strict=True):
        drawn.justify = "right" if all(value is None or _is_number(value) for value in values) else "left"
    return table


def confusion_rows(counts: Confusion, names: Sequence[str], *, of: str) -> list[Row]:
    """Returns a row a class: its name in the column `of`, and in `read as NAME` how often it is read so.

    `counts` are `(classes, classes)`, `names` those of the classes.
    """
    rows = zip(names, counts.tolist(), strict=True)
    return [
        {of: name, **{f"read as {read}": count for read, count in zip(names, row, strict=True)}} for name, row in rows
    ]


def number(value: float) -> str:
    """Returns a number as text: four decimals, fewer from 100 on, powers of ten for the very small and large."""
    size = abs(value)
    if isinstance(value, int) or size == float("inf"):
        return f"{value:,}"
    if size and (size < 1e-3 or size >= 1e6):
        return f"{value:.3e}"
    return f"{value:,.4f}" if size < 100 else f"{value:,.2f}"


def _row_name(component: str, split: str) -> str:
    return f"{component} ({split})" if component else split


def _cell(value: Cell) -> Text:
    if value is None:
        return Text("-")
    text = value if isinstance(value, str) else number(value)
    return Text(text, "bold red" if text in BAD_NEWS else "")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts(column: Sequence[object]) -> list[str | None]:
    decimals = max((_decimals(value) for value in column if _is_number(value)), default=0)
    return [
        None if value is None else _rounded(value, decimals) if _is_number(value) else str(value) for value in column
    ]


def _decimals(value: float) -> int:
    return next((count for count in range(DECIMALS) if round(value, count) == value), DECIMALS)


def _rounded(value: float, decimals: int) -> str:
    vanishes = value != 0 and abs(value) < 0.5 * 10**-DECIMALS
    return f"{value:.2e}" if vanishes else f"{value:,.{decimals}f}"


def _broken(heading: str) -> str:
    lines = [""]
    for part in heading.replace("/", "/\0").replace(".", ".\0").replace("_", "_\0").split("\0"):
        if lines[-1] and len(lines[-1] + part) > HEADING_WIDTH:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
