"""The weights of each layer as histograms."""

import math
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from pipeline.rendering import figures

BINS = 60
COLUMNS = 4
MARGINS = (0.55, 0.12, 0.4, 0.4)
TAIL = 5e-4
ONE_VALUE = 1e-9


def weight_histograms(coefficients: Mapping[str, Mapping[str, NDArray[np.generic]]], path: Path, *, title: str) -> None:
    """Draws a histogram of each weight, in the model's order.

    The axis covers all but the outermost 0.05 % of values on either side; the whole range is written in the panel.
    Weights that all have one value, and values that are not finite, are said in words.

    Args:
        coefficients: Layer → weight → array of any shape; layers without weights may be there.
        path: The picture (PNG), written whole.
        title: The line above the panels.

    Raises:
        ValueError: No layer has a weight.
    """
    weights = [(layer, name, array) for layer, named in coefficients.items() for name, array in named.items()]
    if not weights:
        raise ValueError(f"`coefficients` must hold at least one weight. Received: layers {list(coefficients)}")
    columns = min(COLUMNS, len(weights))
    rows = math.ceil(len(weights) / columns)
    with figures.panels((rows, columns), path, title=title, inches=(3.0, 2.15), margins=MARGINS) as (_, grid):
        flat = list(chain.from_iterable(grid))
        for axes in flat[len(weights) :]:
            axes.set_axis_off()
        for axes, (layer, name, array) in zip(flat, weights, strict=False):
            axes.set_title(f"{layer}\n{name} {_shape(array)}", fontsize=9.5)
            _draw_weight(axes, np.asarray(array, np.float64).ravel())


def _shape(array: NDArray[np.generic]) -> str:
    return " × ".join(f"{size:,}" for size in array.shape) or "number"


def _draw_weight(axes: Axes, values: NDArray[np.float64]) -> None:
    finite = values[np.isfinite(values)]
    highest, remarks = 1.0, list[str]()
    if not finite.size:
        axes.set_xticks([])
    elif np.ptp(finite) <= ONE_VALUE * np.abs(finite).max():
        highest, remarks = _draw_constant(axes, float(finite[0]))
    else:
        highest, remarks = _draw_spread(axes, finite)
    lost = values.size - finite.size
    if lost:
        remarks = [f"not finite: {lost:,} of {values.size:,}", *remarks]
    axes.set_ylim(0, highest * (1.12 + 0.13 * len(remarks)))
    axes.yaxis.set_major_locator(FixedLocator((0, 0.5, 1)) if highest == 1 else MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.tick_params(labelsize=8.5)
    axes.xaxis.get_offset_text().set_fontsize(8.5)
    figures.note(axes, "\n".join(remarks), alarming=lost > 0)


def _draw_constant(axes: Axes, value: float) -> tuple[float, list[str]]:
    room = abs(value) or 1.0
    axes.bar([value], [1.0], width=0.03 * room, color=figures.BLUE)
    axes.set_xlim(value - room, value + room)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    return 1.0, [f"all {value:.4g}"]


def _draw_spread(axes: Axes, values: NDArray[np.float64]) -> tuple[float, list[str]]:
    low = np.quantile(values, TAIL, method="lower")
    high = np.quantile(values, 1 - TAIL, method="higher")
    if low == high:
        low, high = values.min(), values.max()
    counts, edges = np.histogram(values, min(BINS, max(8, values.size // 4)), (low, high))
    axes.stairs(counts / values.size, edges, fill=True, color=figures.BLUE)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    return float(counts.max() / values.size), [
        f"mean {values.mean():.2g}, deviation {values.std():.2g}",
        f"from {values.min():.2g} to {values.max():.2g}",
    ]
