"""The settings of a sweep as a picture: one measure against another, and a third beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes

from pipeline.data.keys import Key
from pipeline.evaluation.seeds import Setting
from pipeline.rendering import figures
from pipeline.rendering.intervals import DIAMOND, POINT, Colour, colours, draw_reference, draw_rows
from pipeline.rendering.spelling import spell

BEYOND_RUNS = 0.25


def trade_off(
    settings: Mapping[str, Setting],
    path: Path,
    *,
    measures: tuple[Key, Key, Key],
    references: Mapping[Key, float],
    title: str,
    remark: str,
) -> None:
    """Draws one measure against another, a point a run, and a third beside them, a row a setting.

    A diamond is a setting's mean, with its interval where there are enough seeds. A dotted line is the score of real
    images. The rows on the right name the colours; settings keep the order given and are never ranked. On the left an
    interval much wider than all runs together is cut off rather than shrink everything else.

    `measures` are the one along the left panel, the one up it, and the one along the right panel; `references` may lack
    some. `remark` is the line below the panels: the kind of the intervals, or that there are none.

    Raises:
        ValueError: There is no setting.
    """
    if not settings:
        raise ValueError("`settings` must hold at least one. Received: none")
    across, upward, beside = measures
    shades = colours(len(settings))
    height = max(4.2, 0.42 * len(settings) + 1.2)
    with figures.panels((1, 2), path, title=title, inches=(6.4, height)) as (figure, [[left, right]]):
        for setting, colour in zip(settings.values(), shades, strict=True):
            _draw_cluster(left, setting, (across, upward), colour)
        draw_rows(right, settings, beside, shades)
        _draw_references(left, right, measures, references)
        cut = _limit(left, list(settings.values()), (across, upward), references)
        legend = "points: runs, diamonds: means" + (", wide intervals cut off" if cut else "")
        left.set(xlabel=spell(across.name), ylabel=spell(upward.name), title=legend)
        right.set(xlabel=spell(beside.name), title="dotted: real images" if references else "")
        figure.supxlabel(remark, fontsize=9, color=figures.GREY)


def describe(measures: tuple[Key, Key, Key]) -> str:
    """Returns the caption of `trade_off`: `accuracy against coverage, beside them Fréchet digit distance`."""
    across, upward, beside = (spell(measure.name) for measure in measures)
    return f"{upward} against {across}" + (f", beside them {beside}" if beside not in (across, upward) else "")


def _draw_cluster(axes: Axes, setting: Setting, measures: tuple[Key, Key], colour: Colour) -> None:
    across, upward = measures
    runs = [run for run in setting.runs if across in run and upward in run]
    if not runs:
        return
    axes.scatter([run[across] for run in runs], [run[upward] for run in runs], color=colour, **POINT)
    means = setting.estimate(across), setting.estimate(upward)
    if means[0] and means[1]:
        axes.errorbar(means[0].mean, means[1].mean, xerr=means[0].margin, yerr=means[1].margin, color=colour, **DIAMOND)


def _limit(axes: Axes, settings: Sequence[Setting], measures: tuple[Key, Key], references: Mapping[Key, float]) -> bool:
    """Limits the axes to the runs and a quarter of their span beyond; returns whether that cuts anything off."""
    cut = False
    for measure, axis in zip(measures, (axes.xaxis, axes.yaxis), strict=True):
        values = [value for setting in settings for value in setting.values(measure)]
        values += [references[measure]] if measure in references else []
        if values and (beyond := BEYOND_RUNS * (max(values) - min(values))):
            least, most = min(values) - beyond, max(values) + beyond
            low, high = axis.get_view_interval()
            axis.set_view_interval(max(low, least), min(high, most), ignore=True)
            lowest, highest = axis.get_data_interval()
            cut |= bool(lowest < least or highest > most)
    return cut


def _draw_references(left: Axes, right: Axes, measures: tuple[Key, Key, Key], references: Mapping[Key, float]) -> None:
    for measure, draw in zip(measures, (left.axvline, left.axhline, right.axvline), strict=True):
        if measure in references:
            draw_reference(draw, references[measure])
