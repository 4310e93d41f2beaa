"""The weights of each layer as histograms."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from pipeline.rendering import figures

Floats = NDArray[np.float64]
Line = tuple[tuple[float, float], tuple[float, float]]
Ticks = Mapping[float, str]

BINS = 60
COLUMNS = 4
TAIL = 5e-4
ONE_VALUE = 1e-9

# Inches: a panel and its axes, where these cross in it, a tick, and what is free between a tick and its text.
CELL_WIDTH, CELL_HEIGHT = 3.0, 2.15
WIDTH, HEIGHT = 2.33, 1.35
LEFT, BELOW = 0.55, 0.4
TICK, GAP = 0.05, 0.03

TICKS = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10])


@dataclass(frozen=True)
class Histogram:
    """The panel of one weight.

    Attributes:
        heading: Its layer, name and shape.
        span: Lowest and highest value on the axis; None where no value is finite.
        edges: Bounds of the bars, `(bars + 1,)`.
        shares: Share of all finite values in each bar, `(bars,)`.
        remarks: Lines of text in the panel.
        lost: The number of values that are not finite.
    """

    heading: str
    span: tuple[float, float] | None
    edges: Floats
    shares: Floats
    remarks: tuple[str, ...]
    lost: int


def weight_histograms(coefficients: Mapping[str, Mapping[str, NDArray[np.generic]]], path: Path, *, title: str) -> None:
    """Draws a histogram of each weight, in the model's order.

    A panel is bars, lines and texts on the figure itself. Matplotlib's axes take more than twice as long, for which
    every training would wait.

    `coefficients` are layer → weight → array of any shape; layers may be without weights.

    Raises:
        ValueError: No layer has a weight.
    """
    histograms = [
        describe(layer, name, array) for layer, named in coefficients.items() for name, array in named.items()
    ]
    if not histograms:
        raise ValueError(f"`coefficients` must hold at least one weight. Received: layers {list(coefficients)}")
    columns = min(COLUMNS, len(histograms))
    rows = math.ceil(len(histograms) / columns)
    with figures.picture((columns * CELL_WIDTH, rows * CELL_HEIGHT), path, title=title) as figure:
        for place, histogram in enumerate(histograms):
            row, column = divmod(place, columns)
            _draw(figure, histogram, column * CELL_WIDTH + LEFT, (rows - 1 - row) * CELL_HEIGHT + BELOW)


def describe(layer: str, name: str, array: NDArray[np.generic]) -> Histogram:
    """Counts the values of a layer's weight, of any shape.

    The axis leaves out the outermost 0.05 % of values on either side; the remarks have the whole range. Remarks also
    report weights of a single value, and values that are not finite.
    """
    values = np.asarray(array, np.float64).ravel()
    finite = values[np.isfinite(values)]
    lost = values.size - finite.size
    alarms = [f"not finite: {lost:,} of {values.size:,}"] if lost else []
    heading = f"{layer}\n{name} {' × '.join(f'{size:,}' for size in array.shape) or 'number'}"
    if not finite.size:
        return Histogram(heading, None, np.empty(1), np.empty(0), tuple(alarms), lost)
    if np.ptp(finite) <= ONE_VALUE * np.abs(finite).max():
        value = float(finite[0])
        room = abs(value) or 1.0
        edges = value + 0.015 * room * np.array([-1.0, 1.0])
        return Histogram(heading, (value - room, value + room), edges, np.ones(1), (*alarms, f"all {value:.4g}"), lost)
    shares, edges = _count(finite)
    remarks = (
        f"mean {finite.mean():.2g}, deviation {finite.std():.2g}",
        f"from {finite.min():.2g} to {finite.max():.2g}",
    )
    room = 0.05 * float(edges[-1] - edges[0])
    return Histogram(heading, (edges[0] - room, edges[-1] + room), edges, shares, (*alarms, *remarks), lost)


def _count(values: Floats) -> tuple[Floats, Floats]:
    low = np.quantile(values, TAIL, method="lower")
    high = np.quantile(values, 1 - TAIL, method="higher")
    if low == high:
        low, high = values.min(), values.max()
    counts, edges = np.histogram(values, min(BINS, max(8, values.size // 4)), (low, high))
    return counts / values.size, edges


def _draw(figure: Figure, histogram: Histogram, left: float, bottom: float) -> None:
    """Draws one panel whose axes cross `left` and `bottom` inches from the figure's lower left corner."""
    low, high = histogram.span or (0.0, 1.0)
    highest = float(histogram.shares.max(initial=0)) or 1.0
    ceiling = highest * (1.12 + 0.13 * len(histogram.remarks))
    shares = _ticks(0, min(1, ceiling))
    values = _ticks(low, high) if histogram.span else np.empty(0)
    up = dict(zip(bottom + HEIGHT * shares / ceiling, (f"{100 * share:g} %" for share in shares), strict=True))
    across = dict(zip(left + WIDTH * (values - low) / (high - low), (f"{value:.12g}" for value in values), strict=True))
    if histogram.span:
        inches = Affine2D().translate(-low, 0).scale(WIDTH / (high - low), HEIGHT / ceiling).translate(left, bottom)
        bars = StepPatch(histogram.shares, histogram.edges, zorder=1, fill=True, facecolor=figures.BLUE, linewidth=0)
        bars.set_transform(inches + figure.dpi_scale_trans)
        figure.add_artist(bars)
    _draw_axes(figure, left, bottom, up=up, across=across)
    write = partial(figure.text, transform=figure.dpi_scale_trans)
    write(left + WIDTH / 2, bottom + HEIGHT + 0.08, histogram.heading, ha="center", fontsize=9.5)
    style = figures.note_style(alarming=histogram.lost > 0)
    write(left + WIDTH - 0.04, bottom + HEIGHT - 0.05, "\n".join(histogram.remarks), **style)


def _draw_axes(figure: Figure, left: float, bottom: float, *, up: Ticks, across: Ticks) -> None:
    """Draws axes, a line across from each tick that is up, and the ticks' labels."""
    right, top = left + WIDTH, bottom + HEIGHT
    _lines(figure, [((left, y), (right, y)) for y in up], figures.GRID, zorder=0.5)
    axes = [((left, top), (left, bottom)), ((left, bottom), (right, bottom))]
    ticks = [((left - TICK, y), (left, y)) for y in up] + [((x, bottom - TICK), (x, bottom)) for x in across]
    _lines(figure, [*axes, *ticks], "black", zorder=2)
    write = partial(figure.text, transform=figure.dpi_scale_trans, fontsize=8.5)
    for y, label in up.items():
        write(left - TICK - GAP, y, label, ha="right", va="center")
    for x, label in across.items():
        write(x, bottom - TICK - GAP, label, ha="center", va="top")


def _ticks(low: float, high: float) -> Floats:
    ticks = np.asarray(TICKS.tick_values(low, high), np.float64)
    return ticks[(ticks >= low) & (ticks <= high)]


def _lines(figure: Figure, lines: Sequence[Line], color: str, *, zorder: float) -> None:
    inches = figure.dpi_scale_trans
    figure.add_artist(LineCollection(lines, colors=color, linewidths=0.8, zorder=zorder, transform=inches))
