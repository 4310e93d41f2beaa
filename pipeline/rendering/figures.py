"""The look and the size of everything drawn with Matplotlib."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from pipeline.data.files import write_bytes

BLUE, ORANGE, GREEN, PURPLE, VERMILION, GREY = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#6b6b6b"
GRID = "#e4e4e4"
DOTS_PER_INCH = 100
LOG_SPAN = 25.0
TITLE_INCHES = 0.8
LOOK: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,  # nobody adds up 1e-7 and 0.229
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "savefig.facecolor": "white",
    "savefig.dpi": "figure",
}


@contextmanager
def picture(size: tuple[float, float], path: Path, *, title: str) -> Iterator[Figure]:
    """Opens an empty figure to draw in, and writes it as PNG, whole, at the end of the block.

    `size` is width and height in inches of what is below the title, at 100 pixels an inch. The same drawing gives the
    same bytes.
    """
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=(size[0], size[1] + TITLE_INCHES), dpi=DOTS_PER_INCH)
        figure.suptitle(title)
        yield figure
        encoded = io.BytesIO()
        figure.savefig(encoded, format="png", metadata={"Software": None})
    write_bytes(encoded.getvalue(), path)


@contextmanager
def panels(
    shape: tuple[int, int], path: Path, *, title: str, inches: tuple[float, float]
) -> Iterator[tuple[Figure, list[list[Axes]]]]:
    """Opens a figure of equal panels to draw in, and writes it as PNG at the end of the block; see `picture`.

    `shape` is rows and columns of panels, `inches` width and height of one. Yields the figure and its panels row by
    row.
    """
    rows, columns = shape
    with picture((columns * inches[0], rows * inches[1]), path, title=title) as figure:
        figure.set_layout_engine(ConstrainedLayoutEngine(rect=(0.005, 0, 0.975, 0.995), h_pad=0.09, w_pad=0.06))
        yield figure, [list(row) for row in figure.subplots(rows, columns, squeeze=False)]


def mark_steps(axes: Axes) -> None:
    """Marks whole steps along the bottom of a panel."""
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))


def scale_wide(
    axes: Axes, way: Literal["x", "y"], span: tuple[float, float], *, ticks: Sequence[float] = (1, 2, 5)
) -> bool:
    """Makes an axis logarithmic if its values are above 0 and span more than a factor of 25; returns whether it is.

    `span` is the lowest and the highest value; `ticks` are the marks in each decade.
    """
    low, high = span
    if not 0 < low * LOG_SPAN < high:
        return False
    axis = axes.xaxis if way == "x" else axes.yaxis
    axes.set(**{f"{way}scale": "log"})
    axis.set_major_locator(LogLocator(subs=ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
    return True


def note(axes: Axes, text: str, *, alarming: bool = False) -> None:
    """Writes a remark of a few short lines into a panel's upper right corner; an alarming one stands out."""
    axes.text(0.985, 0.965, text, transform=axes.transAxes, **note_style(alarming=alarming))


def note_style(*, alarming: bool) -> dict[str, Any]:
    """Returns the style of a remark that ends at an upper right corner."""
    return {
        "ha": "right",
        "va": "top",
        "fontsize": 8.5,
        "color": VERMILION if alarming else GREY,
        "weight": "bold" if alarming else "normal",
        "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
    }
