"""Rows as pictures: bars and curves, with the least and the greatest of the runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from benchmarks.measuring.results import Row
from pipeline.rendering import figures

COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE, figures.VERMILION)
STEPS = (1, 2, 2.5, 5, 10)
MOST_TICKS = 8
LOGIT_TICKS = (0.1, 0.5, 0.9, 0.99, 0.999, 0.9999)


@dataclass(frozen=True)
class Panel:
    """A panel of a picture: bars, or curves over what grows, on an axis that is `log`, `linear` to 1, or `logit`.

    Rows bear its title as their `panel`; a line is drawn at the `bound`.
    """

    title: str
    over: str = ""
    bound: float | None = None
    scale: str = "log"


def draw(panels: Sequence[Panel], rows: Sequence[Row], path: Path, *, title: str) -> None:
    """Draws the panels that have rows into a PNG, two a line; one at least has some."""
    found = [(panel, [row for row in rows if row.panel == panel.title]) for panel in panels]
    shown = [(panel, own) for panel, own in found if own]
    columns = min(2, len(shown))
    shape = (-(-len(shown) // columns), columns)
    with figures.panels(shape, path, title=title, inches=(6.4, 3.4)) as (_, grid):
        free = [axes for line in grid for axes in line]
        for axes, (panel, own) in zip(free, shown, strict=False):
            axes.set_title(panel.title.replace("_", " "))
            (_draw_curves if panel.over else _draw_bars)(axes, panel, own)
        for axes in free[len(shown) :]:
            axes.set_axis_off()


def _draw_bars(axes: Axes, panel: Panel, rows: Sequence[Row]) -> None:
    places = range(len(rows))
    axes.barh(places, [row.median for row in rows], height=0.62, color=figures.BLUE, xerr=_reach(rows))
    for place, row in zip(places, rows, strict=True):
        axes.annotate(f"{row.median:.3g}", (row.max, place), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [fill(row.subject, 28) for row in rows])
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
    axes.grid(axis="y", visible=False)
    most, least = max(panel.bound or 1e-9, *(row.max for row in rows)), min(0.0, *(row.min for row in rows))
    room = 0.18 * (most - least)
    axes.set_xlim(least - room if least else 0, most + room)
    if panel.bound is not None:
        axes.axvline(panel.bound, color=figures.VERMILION, linestyle="--", linewidth=1.2)


def _draw_curves(axes: Axes, panel: Panel, rows: Sequence[Row]) -> None:
    curves = {row.curve: [one for one in rows if one.curve == row.curve] for row in rows}
    for colour, (name, points) in zip(COLOURS, curves.items(), strict=False):
        medians, places = [row.median for row in points], [row.at for row in points if row.at is not None]
        if places:
            axes.errorbar(places, medians, yerr=_reach(points), color=colour, marker="o", markersize=4, label=name)
        else:
            axes.axhline(medians[0], color=figures.GREY, linestyle="--", linewidth=1.2, label=name)
    _scale_places(axes, sorted({row.at for row in rows if row.at is not None}))
    _scale_figures(axes, panel.scale, [row.median for row in rows])
    axes.set_xlabel(panel.over)
    if len(curves) > 1:
        axes.legend(frameon=False)


def _scale_places(axes: Axes, places: Sequence[float]) -> None:
    axes.set_xscale("log")
    if len(places) > MOST_TICKS:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    else:
        axes.set_xticks(places, [f"{place:,g}" for place in places])
    axes.xaxis.set_minor_formatter(NullFormatter())


def _scale_figures(axes: Axes, scale: str, medians: Sequence[float]) -> None:
    axes.set_yscale(scale)
    if scale == "linear":
        axes.set_ylim(0, 1)
        return
    if scale == "logit":
        axes.set_ylim(0.05, 0.99995)
        axes.set_yticks(LOGIT_TICKS)
    else:
        within_decade = max(medians) < 10 * min(medians)
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=STEPS) if within_decade else LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _reach(rows: Sequence[Row]) -> list[list[float]]:
    return [[row.median - row.min for row in rows], [row.max - row.median for row in rows]]
