"""Rows as pictures: bars with the least and the greatest of the runs, and curves of how a figure grows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from benchmarks.measuring.results import Row
from pipeline.rendering import figures

COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE)
ROOM_FOR_FIGURE = 1.18
LABEL_WIDTH = 28
DECADE = 10
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Bars:
    """A panel of bars.

    Attributes:
        title: What is shown, with its unit.
        rows: A label and a row a bar, from above to below.
        bound: A line at what is wanted; none without.
    """

    title: str
    rows: Sequence[tuple[str, Row]]
    bound: float | None = None


@dataclass(frozen=True)
class Growth:
    """A panel of curves, both axes logarithmic; three places or more that are evenly apart are drawn so.

    Attributes:
        title: What is shown, with its unit.
        over: What grows, below the panel.
        curves: A name → places and rows.
    """

    title: str
    over: str
    curves: Mapping[str, Sequence[tuple[float, Row]]]


def draw(panels: Sequence[Bars | Growth], path: Path, *, title: str) -> None:
    """Draws panels, two a line.

    Args:
        panels: One at least.
        path: The picture (PNG), written whole.
        title: The line above all panels.
    """
    columns = min(2, len(panels))
    shape = (-(-len(panels) // columns), columns)
    with figures.panels(shape, path, title=title, inches=(6.4, 3.4)) as (_, grid):
        free: Iterator[Axes] = (axes for line in grid for axes in line)
        for panel in panels:
            axes = next(free)
            axes.set_title(panel.title)
            if isinstance(panel, Bars):
                _draw_bars(axes, panel)
            else:
                _draw_growth(axes, panel)
        for axes in free:
            axes.set_axis_off()


def _draw_bars(axes: Axes, panel: Bars) -> None:
    places = range(len(panel.rows))
    rows = [row for _, row in panel.rows]
    axes.barh(places, [row.median for row in rows], height=0.62, color=figures.BLUE, xerr=_reach(rows))
    for place, row in zip(places, rows, strict=True):
        axes.annotate(f"{row.median:.3g}", (row.max, place), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [fill(label, LABEL_WIDTH) for label, _ in panel.rows])
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
    axes.grid(axis="y", visible=False)
    most = max(panel.bound or 1e-9, *(row.max for row in rows))
    least = min(0.0, *(row.min for row in rows))
    room = (ROOM_FOR_FIGURE - 1) * (most - least)
    axes.set_xlim(least - room if least else 0, most + room)
    if panel.bound is not None:
        axes.axvline(panel.bound, color=figures.VERMILION, linestyle="--", linewidth=1.2)


def _draw_growth(axes: Axes, panel: Growth) -> None:
    for colour, (name, points) in zip(COLOURS, panel.curves.items(), strict=False):
        rows = [row for _, row in points]
        places = [place for place, _ in points]
        axes.errorbar(
            places, [row.median for row in rows], yerr=_reach(rows), color=colour, marker="o", markersize=4, label=name
        )
        _mark_places(axes, places)
    _mark_figures(axes, [row.median for points in panel.curves.values() for _, row in points])
    axes.set_xlabel(panel.over)
    if len(panel.curves) > 1:
        axes.legend(frameon=False)


def _mark_places(axes: Axes, places: Sequence[float]) -> None:
    between = np.diff(places)
    evenly = len(between) > 1 and len(set(between)) == 1
    axes.set_xscale("linear" if evenly else "log")
    axes.set_xticks(places, [f"{place:,g}" for place in places])
    axes.xaxis.set_minor_formatter(NullFormatter())


def _mark_figures(axes: Axes, medians: Sequence[float]) -> None:
    axes.set_yscale("log")
    if max(medians) < DECADE * min(medians):
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _reach(rows: Sequence[Row]) -> list[list[float]]:
    return [[row.median - row.min for row in rows], [row.max - row.median for row in rows]]
