"""The look and the size of everything drawn with Matplotlib."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from pipeline.rendering.tiles import write_whole

BLUE, ORANGE, GREEN, PURPLE, VERMILION, GREY = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#6b6b6b"
DOTS_PER_INCH = 100
TITLE_INCHES = 0.8
LOOK: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "savefig.facecolor": "white",
    "savefig.dpi": "figure",
}

Margins = tuple[float, float, float, float]


@contextmanager
def panels(
    shape: tuple[int, int],
    path: Path,
    *,
    title: str,
    inches: tuple[float, float],
    margins: Margins | None = None,
) -> Iterator[tuple[Figure, list[list[Axes]]]]:
    """Opens a figure of equal panels to draw in, and writes it as PNG at the end of the block.

    Args:
        shape: Rows and columns of panels.
        path: The picture, written whole; the same drawing gives the same bytes.
        title: The line above all panels.
        inches: Width and height of one panel, at 100 pixels an inch.
        margins: Inches left of the axes of each panel, right of them, below and above, for what is written there. Where
            none are given they are found, which takes as long again as the drawing.

    Yields:
        The figure, and its panels row by row.
    """
    rows, columns = shape
    size = (columns * inches[0], rows * inches[1] + TITLE_INCHES)
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH)
        figure.suptitle(title)
        if margins:
            figure.subplots_adjust(**_spaced(size, inches, margins))
        else:
            room = ConstrainedLayoutEngine(rect=(0.005, 0, 0.975, 0.995), h_pad=0.09, w_pad=0.06)
            figure.set_layout_engine(room)
        yield figure, [list(row) for row in figure.subplots(rows, columns, squeeze=False)]
        encoded = io.BytesIO()
        figure.savefig(encoded, format="png", metadata={"Software": None})
    write_whole(encoded.getvalue(), path)


def note(axes: Axes, text: str, *, alarming: bool = False) -> None:
    """Writes a remark into the upper right corner of a panel.

    Args:
        axes: The panel.
        text: One or a few short lines.
        alarming: Whether it is bad news, which stands out.
    """
    axes.text(
        0.985,
        0.965,
        text,
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=8.5,
        color=VERMILION if alarming else GREY,
        weight="bold" if alarming else "normal",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
    )


def _spaced(size: tuple[float, float], inches: tuple[float, float], margins: Margins) -> dict[str, float]:
    """Gives margins, in inches, as Matplotlib's shares of the figure and of the axes."""
    left, right, below, above = margins
    return {
        "left": left / size[0],
        "right": 1 - right / size[0],
        "bottom": below / size[1],
        "top": 1 - (TITLE_INCHES + above) / size[1],
        "wspace": (left + right) / (inches[0] - left - right),
        "hspace": (below + above) / (inches[1] - below - above),
    }
