"""The confusion matrix: the readings of each digit asked for."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.rendering import figures

DARK = 0.5
COLOURS = "Blues"
MOST_NUMBERED = 20  # classes; of more, cells have a colour alone
LONGEST_LEVEL = 6  # letters of a name that fits below its column


def draw_confusion(
    counts: NDArray[np.integer], path: Path, *, title: str, names: Sequence[str] = (), kind: str = "digit"
) -> None:
    """Draws the readings of each class, in percent of those asked for; the colour is logarithmic.

    Args:
        counts: Whole numbers, 0 or more, `(classes, classes)`: the row is the class asked for, the column the reading.
        path: The PNG to write.
        title: The title.
        names: The names of the classes; none where they are digits.
        kind: The word for a class.

    Raises:
        ValueError: `counts` is not square, or holds a number below 0.
    """
    if counts.ndim != 2 or len(set(counts.shape)) != 1 or counts.min(initial=0) < 0:
        raise ValueError(f"`counts` must be square and 0 or more. Received: shape {counts.shape}")
    asked = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(asked, 1)
    shades = np.log1p(999 * shares) / np.log(1000)
    names, many = names or [str(digit) for digit in range(len(counts))], len(counts) > MOST_NUMBERED
    side = max(6.0, 0.22 * len(counts)) if many else 6.0
    with figures.panels((1, 1), path, title=title, inches=(side + 1, side)) as (_, ((axes,),)):
        axes.imshow(shades, cmap=COLOURS, vmin=0, vmax=1)
        axes.grid(visible=False)
        axes.set(xlabel=f"{kind} read", ylabel=f"{kind} asked for")
        upright = max(map(len, names)) <= LONGEST_LEVEL and not many
        axes.set_xticks(range(len(counts)), names, rotation=0 if upright else 90)
        rows = [(name, f"{int(total):,}") for name, (total,) in zip(names, asked, strict=True)]
        axes.set_yticks(range(len(counts)), [name if many else f"{name}\nof {total}" for name, total in rows])
        if many:
            return
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if shades[row, column] > DARK else figures.GREY
            axes.text(column, row, _percent(share), ha="center", va="center", fontsize=8.5, color=colour)


def _percent(share: float) -> str:
    if share in (0, 1):
        return "100" if share else ""
    return f"{100 * share:.1f}" if share >= 0.0005 else "<0.1"
