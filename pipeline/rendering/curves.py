"""Histories of losses as lines: a panel for each component and loss, training against held-out images."""

import math
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.data.keys import HELD_OUT, TRAIN, Key
from pipeline.rendering import figures

Series = tuple[NDArray[Any], NDArray[Any]]
Panel = tuple[str, str]
Line = tuple[str, str]

COLOURS = (figures.BLUE, figures.ORANGE, figures.GREY, figures.GREEN, figures.PURPLE)
COLUMNS = 3  # a page shrinks a wider picture until its text is too small
FEW_POINTS = 60
MANY_POINTS = 150
SPIKE = 3.0


def loss_curves(
    history: Mapping[Key, Series],
    path: Path,
    *,
    title: str,
    unit: str = "nats",
    units: Mapping[str, str] = MappingProxyType({}),
    scheme: str = "",
) -> None:
    """Draws every loss over the steps, rows of at most three panels for each component.

    A panel whose values span more than a factor of 25 has a logarithmic axis. Where a value is 0 or below, spikes are
    cut off and counted on the picture instead. Long series are drawn faintly, with their running median.

    `history` maps a key to steps `(n,)` and losses `(n,)`: a line a split and scheme, a panel a component and loss.
    `units` are those of losses that are not in `unit`. Of held-out losses those of `scheme` are drawn first, in the
    colour beside the training's.

    Raises:
        ValueError: The history is empty, or steps and losses differ in length.
    """
    lines = _by_panel(history)
    splits = sorted(
        {split for series in lines.values() for split in series},
        key=lambda line: (line[0] != TRAIN, line[1] != scheme, line),
    )
    components = list(dict.fromkeys(component for component, _ in lines))
    losses = list(dict.fromkeys(loss for _, loss in lines))
    columns = math.ceil(len(losses) / math.ceil(len(losses) / COLUMNS))
    parts = [losses[first : first + columns] for first in range(0, len(losses), columns)]
    rows = [(component, part) for component in components for part in parts]
    rows = [(component, part) for component, part in rows if any((component, loss) in lines for loss in part)]
    inches = (7.5, 4.2) if len(losses) == 1 else (11.4 / columns, 2.9)
    with figures.panels((len(rows), columns), path, title=title, inches=inches) as (figure, grid):
        for panels, (component, part) in zip(grid, rows, strict=True):
            for axes, loss in zip_longest(panels, part):
                if (component, loss) in lines:
                    _draw_panel(axes, lines[component, loss], splits)
                    axes.set(title=f"{component}: {loss}" if component else loss, xlabel="step")
                    axes.set_ylabel(units.get(loss, unit))
                else:
                    axes.set_axis_off()
        _draw_legend(figure, splits)


def _by_panel(history: Mapping[Key, Series]) -> dict[Panel, dict[Line, Series]]:
    lines: dict[Panel, dict[Line, Series]] = {}
    for key, (steps, values) in history.items():
        if len(steps) != len(values):
            raise ValueError(
                "`history` must map keys to steps and losses of one length. "
                f"Received: `{key}` with {len(steps)} steps and {len(values)} losses"
            )
        panel = lines.setdefault((key.component, key.measure), {})
        panel[key.split, key.scheme] = (np.asarray(steps), np.asarray(values, np.float64))
    if not lines:
        raise ValueError("`history` must hold at least one loss. Received: none")
    return lines


def _draw_panel(axes: Axes, series: Mapping[Line, Series], splits: list[Line]) -> None:
    finite = {split: _finite(*values) for split, values in series.items()}
    for order, split in enumerate(splits):
        if split in finite:
            _draw_line(axes, *finite[split], label=_spoken(split), colour=COLOURS[order % len(COLOURS)])
    remarks = _scale(axes, np.concatenate([values for _, values in finite.values()]))
    lost = sum(len(series[split][1]) - len(finite[split][1]) for split in series)
    if lost:
        remarks = [f"values not finite: {lost:,}", *remarks]
    if remarks:
        figures.note(axes, "\n".join(remarks), alarming=True)
    figures.mark_steps(axes)


def _finite(steps: NDArray[Any], values: NDArray[Any]) -> Series:
    kept = np.isfinite(values)
    return steps[kept], values[kept]


def _draw_line(axes: Axes, steps: NDArray[Any], values: NDArray[Any], *, label: str, colour: str) -> None:
    if len(values) <= MANY_POINTS:
        marker = "o" if len(values) <= FEW_POINTS else ""
        axes.plot(steps, values, color=colour, linewidth=1.5, marker=marker, markersize=3.5, label=label)
        return
    window = 2 * (len(values) // 40) + 1
    medians = np.median(sliding_window_view(values, window), axis=1)
    middle = steps[window // 2 : -(window // 2)]
    axes.plot(steps, values, color=colour, linewidth=0.7, alpha=0.25)
    axes.plot(middle, medians, color=colour, linewidth=1.6, label=f"{label} (faint: each value; bold: running median)")


def _scale(axes: Axes, values: NDArray[Any]) -> list[str]:
    if not values.size:
        axes.set_ylim(0, 1)
        return []
    low, high = float(values.min()), float(values.max())
    if figures.scale_wide(axes, "y", (low, high), ticks=(1, 2, 5) if high < 1e3 * low else (1,)):
        return []
    usual = float(np.quantile(values, 0.99))
    if usual <= 0 or high <= SPIKE * usual:
        return []
    top = 1.2 * usual
    axes.set_ylim(min(low, 0), top)
    return [f"values above: {np.count_nonzero(values > top):,}, up to {high:.3g}"]


def _draw_legend(figure: Figure, splits: list[Line]) -> None:
    labelled = [axes.get_legend_handles_labels() for axes in figure.axes]
    found = {label: handle for handles, labels in labelled for handle, label in zip(handles, labels, strict=True)}
    order = {_spoken(split): place for place, split in enumerate(splits)}
    labels = sorted(found, key=lambda label: order[label.partition(" (")[0]])
    handles = [found[label] for label in labels]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)


def _spoken(line: Line) -> str:
    split, scheme = line
    return ", ".join(filter(None, ("held-out" if split == HELD_OUT else split, scheme)))
