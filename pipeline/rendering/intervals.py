"""The settings of a sweep on one measure as a picture: a row a setting, with its runs, its mean and its interval."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

from pipeline.data.keys import Key
from pipeline.evaluation.seeds import Setting
from pipeline.rendering import figures
from pipeline.rendering.spelling import spell

NAME_WIDTH = 42
POINT: dict[str, Any] = {"s": 20, "alpha": 0.7, "linewidths": 0, "zorder": 4}
DIAMOND: dict[str, Any] = {
    "fmt": "D",
    "markersize": 8.5,
    "markerfacecolor": "white",
    "markeredgewidth": 1.6,
    "capsize": 3,
}
Colour = tuple[float, float, float, float]


def draw_intervals(
    settings: Mapping[str, Setting],
    path: Path,
    *,
    measure: Key,
    references: Mapping[Key, float],
    title: str,
    remark: str,
) -> None:
    """Draws a measure of each setting: a point a run, a diamond its mean, with its interval where seeds are enough.

    A dotted line is the score of real images, where `references` has it. Settings keep the order given and are never
    ranked. `remark` is the line below: the kind of the intervals, or that there are none.

    Raises:
        ValueError: There is no setting.
    """
    if not settings:
        raise ValueError("`settings` must hold at least one. Received: none")
    height = max(2.4, 0.42 * len(settings) + 1.2)
    with figures.panels((1, 1), path, title=title, inches=(9.0, height)) as (figure, [[axes]]):
        draw_rows(axes, settings, measure, colours(len(settings)))
        if measure in references:
            draw_reference(axes.axvline, references[measure])
        axes.set(xlabel=spell(measure.name), title="dotted: real images" if measure in references else "")
        figure.supxlabel(remark, fontsize=9, color=figures.GREY)


def colours(count: int) -> list[Colour]:
    """Returns the colours of a number of settings, from dark to light; they differ in lightness too."""
    shades = mpl.colormaps["viridis"]
    return [shades(0.88 * place / max(1, count - 1)) for place in range(count)]


def draw_rows(axes: Axes, settings: Mapping[str, Setting], measure: Key, shades: Sequence[Colour]) -> None:
    """Draws a row a setting into a panel, named on its left; see `draw_intervals`."""
    every: list[float] = []
    for place, (setting, colour) in enumerate(zip(settings.values(), shades, strict=True)):
        values = setting.values(measure)
        every += values
        axes.scatter(values, [place] * len(values), color=colour, **POINT)
        if found := setting.estimate(measure):
            axes.errorbar(found.mean, place, xerr=found.margin, color=colour, **DIAMOND)
    axes.set_ylim(len(settings) - 0.5, -0.5)
    axes.set_yticks(range(len(settings)), [fill(name, NAME_WIDTH) for name in settings], fontsize=9)
    if every:
        figures.scale_wide(axes, "x", (min(every), max(every)))


def draw_reference(draw: Any, value: float) -> None:
    """Draws the score of real digits by a method of a panel, `axvline` or `axhline`."""
    draw(value, color=figures.GREY, linestyle=":", linewidth=1.4, zorder=0)
