"""The confusion matrix: the readings of each digit asked for."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.rendering import figures

DARK = 0.5
COLOURS = "Blues"


def draw_confusion(counts: NDArray[np.integer], path: Path, *, title: str) -> None:
    """Draws the readings of each digit, in percent of those asked for; the colour is logarithmic.

    `counts` are whole numbers, 0 or more, `(10, 10)`: the row is the digit asked for, the column the reading.

    Raises:
        ValueError: `counts` is not square, or holds a number below 0.
    """
    if counts.ndim != 2 or len(set(counts.shape)) != 1 or counts.min(initial=0) < 0:
        raise ValueError(f"`counts` must be square and 0 or more. Received: shape {counts.shape}")
    asked = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(asked, 1)
    shades = np.log1p(999 * shares) / np.log(1000)
    with figures.panels((1, 1), path, title=title, inches=(7.0, 6.0)) as (_, ((axes,),)):
        axes.imshow(shades, cmap=COLOURS, vmin=0, vmax=1)
        axes.grid(visible=False)
        axes.set(xlabel="digit read", ylabel="digit asked for", xticks=range(len(counts)), yticks=range(len(counts)))
        axes.set_yticks(range(len(counts)), [f"{digit}\nof {int(total):,}" for digit, (total,) in enumerate(asked)])
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if shades[row, column] > DARK else figures.GREY
            axes.text(column, row, _percent(share), ha="center", va="center", fontsize=8.5, color=colour)


def _percent(share: float) -> str:
    if share in (0, 1):
        return "100" if share else ""
    return f"{100 * share:.1f}" if share >= 0.0005 else "<0.1"
