"""Each measure over seconds and over steps: a thin line a seed, a thick one their median, the real digits' reference."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.trainings.summary import ACCURACY, AT_REPORTS, FRECHET, MEASURES, Report, Run, at_steps, by_recipe
from pipeline.rendering import figures

COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE)
LOGIT_TICKS = (0.1, 0.5, 0.9, 0.99, 0.999, 0.9999)

RunLocation = Callable[[Report], float]
PLACES: Mapping[str, RunLocation] = {
    "seconds since the command": lambda report: report.seconds,
    "steps": lambda report: report.step,
}


def quality_curves(runs: Sequence[Run], references: Mapping[str, float], path: Path, *, title: str) -> None:
    """Draws every measure, a column of panels each: over seconds above, over steps below, both logarithmic.

    The axis of accuracies is stretched towards 1, so that 0.9, 0.99 and 0.999 stand equally far apart.

    Args:
        runs: Runs of one recipe at least.
        references: What real digits score, of each measure.
        path: The picture (PNG), written whole.
        title: The line above the panels.
    """
    recipes = by_recipe(runs)
    shape = (len(PLACES), len(AT_REPORTS))
    with figures.panels(shape, path, title=title, inches=(4.4, 3.3)) as (figure, grid):
        for axes_row, (label, place) in zip(grid, PLACES.items(), strict=True):
            for axes, name in zip(axes_row, AT_REPORTS, strict=True):
                for colour, (recipe, own) in zip(COLOURS, recipes.items(), strict=False):
                    _draw_recipe(axes, own, name, place, label=_label(recipe, own), colour=colour)
                axes.axhline(references[name], color=figures.GREY, linestyle="--", linewidth=1.2, label="real digits")
                axes.set(title=MEASURES[name].title, xlabel=label)
                _scale(axes, name)
        _draw_legend(figure, grid[0][0])


def _label(recipe: str, runs: Sequence[Run]) -> str:
    return f"{recipe}: median of {len(runs)} seeds" if len(runs) > 1 else f"{recipe}: one seed"


def _draw_recipe(axes: Axes, runs: Sequence[Run], name: str, place: RunLocation, **look: str) -> None:
    colour = look["colour"]
    for run in runs:
        points = [(place(report), report.values[name]) for report in run.reports]
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=0.7, alpha=0.45)
    steps = at_steps(runs).values()
    middle = [(median(map(place, reports)), median(report.values[name] for report in reports)) for reports in steps]
    axes.plot(*zip(*middle, strict=True), color=colour, linewidth=2.2, marker="o", markersize=4, label=look["label"])


def _scale(axes: Axes, name: str) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    if name == FRECHET:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif name == ACCURACY:
        axes.set_yscale("logit", nonpositive="clip")
        axes.set_ylim(0.05, 0.99995)
        axes.set_yticks(LOGIT_TICKS, [f"{tick:g}" for tick in LOGIT_TICKS])
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, 1)


def _draw_legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
