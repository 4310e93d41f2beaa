"""The trials of a search as a picture: their objectives, and which settings decide them."""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipeline.rendering import figures
from pipeline.rendering.spelling import spell

Trials = Mapping[int, list[float]]


def draw_search(
    trials: Trials,
    path: Path,
    *,
    objectives: Mapping[str, bool],
    best: Collection[int],
    importances: Mapping[str, float],
    title: str,
) -> None:
    """Draws the objectives of trials on the left and the importance of settings on the right.

    With two objectives or more, the first two against each other: the best, which none beats in both, are joined. With
    one, its value by trial and the best so far.

    Args:
        trials: The values of each trial, in the order of the objectives, by its number.
        path: Where the PNG is written.
        objectives: The names of the objectives, and whether each is better the higher it is.
        best: The numbers of the best trials.
        importances: The share of each setting, 1 in all; empty of too few trials.
        title: The picture's title.

    Raises:
        ValueError: There is no trial.
    """
    if not trials:
        raise ValueError("`trials` must hold at least one. Received: none")
    height = max(4.2, 0.5 * len(importances) + 1)
    with figures.panels((1, 2), path, title=title, inches=(6.4, height)) as (_, [[left, right]]):
        names = list(objectives)
        if len(names) > 1:
            _draw_front(left, trials, best, names)
        else:
            _draw_course(left, trials, names[0], highest=objectives[names[0]])
        _draw_importances(right, importances)


def _draw_front(axes: Axes, trials: Trials, best: Collection[int], names: Sequence[str]) -> None:
    front = sorted(trials[number][:2] for number in best if number in trials)
    others = [values for number, values in trials.items() if number not in best]
    axes.scatter([one[0] for one in others], [one[1] for one in others], s=22, color=figures.GREY, alpha=0.6)
    axes.plot([one[0] for one in front], [one[1] for one in front], "D-", color=figures.BLUE, markersize=7)
    for point in {tuple(one) for one in front}:
        numbers = ", ".join(str(number) for number in best if tuple(trials[number][:2]) == point)
        axes.annotate(numbers, (point[0], point[1]), xytext=(6, 5), textcoords="offset points", fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set(xlabel=spell(names[0]), ylabel=spell(names[1]), title="points: trials; joined: no other is better in both")


def _draw_course(axes: Axes, trials: Trials, name: str, *, highest: bool) -> None:
    numbers, values = list(trials), [values[0] for values in trials.values()]
    axes.scatter(numbers, values, s=22, color=figures.GREY, alpha=0.6)
    axes.step(numbers, list(accumulate(values, max if highest else min)), where="post", color=figures.BLUE)
    figures.mark_steps(axes)
    figures.scale_wide(axes, "y", (min(values), max(values)))
    axes.set(xlabel="trial", ylabel=spell(name), title="points: trials; line: the best so far")


def _draw_importances(axes: Axes, importances: Mapping[str, float]) -> None:
    if not importances:
        axes.set_axis_off()
        axes.set_title("too few trials for importances")
        return
    names = sorted(importances, key=lambda name: importances[name])
    axes.barh(names, [importances[name] for name in names], color=figures.BLUE)
    axes.set(title="importance: what distinguishes the best trials", xlabel="share")
