"""Rows as pictures: bars and curves, with the least and the greatest of the runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from matplotlib.axes import Axes

from benchmarks.measuring.results import Row
from pipeline.rendering import figures

COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE, figures.VERMILION)


@dataclass(frozen=True)
class Panel:
    """A panel of a picture: bars, or curves over what grows, on an axis that is `log`, `linear` to 1, or `logit`.

    Rows bear its title as their `panel`; a line is drawn at the `bound`. What grows, and what is on an axis that is
    `log`, is so where it spans enough.
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
    with figures.panels((-(-len(shown) // columns), columns), path, title=title, inches=(6.4, 3.4)) as (figure, _):
        for axes in figure.axes[len(shown) :]:
            axes.set_axis_off()
        for axes, (panel, own) in zip(figure.axes, shown, strict=False):
            goal = "" if panel.bound is None else ", dashed: the goal"
            axes.set_title(panel.title.replace("_", " ") + goal)
            (_draw_curves if panel.over else _draw_bars)(axes, panel, own)


def _draw_bars(axes: Axes, panel: Panel, rows: Sequence[Row]) -> None:
    names, medians = [fill(row.subject, 28) for row in rows], [row.median for row in rows]
    bars = axes.barh(names, medians, height=0.62, color=figures.BLUE, xerr=_reach(rows))
    axes.bar_label(bars, fmt="{:.3g}", padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.3)  # for the numbers, on either side
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="y", visible=False)
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
    places, medians = [row.at for row in rows if row.at is not None], [row.median for row in rows]
    if not figures.scale_wide(axes, "x", (min(places), max(places))):
        figures.mark_steps(axes)
    if panel.scale == "log":
        figures.scale_wide(axes, "y", (min(medians), max(medians)))
    elif panel.scale == "linear":
        axes.set_ylim(0, 1)
    else:
        axes.set_yscale("logit")
        axes.yaxis.set(major_formatter="{x:g}", minor_formatter="")
    axes.set_xlabel(panel.over)
    if len(curves) > 1:
        axes.legend(frameon=False)


def _reach(rows: Sequence[Row]) -> list[list[float]]:
    return [[row.median - row.min for row in rows], [row.max - row.median for row in rows]]
