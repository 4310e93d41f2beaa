"""Points of a plane, coloured by digit."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from pipeline.rendering import figures

COLOURS = mpl.colormaps["tab10"].colors  # type: ignore[attr-defined]
MANY_COLOURS = mpl.colormaps["turbo"]
LEGEND_ROWS = 30
OUTLINE = [withStroke(linewidth=3, foreground="white")]
MANY = 2000
APART = 0.04  # of the wider axis, between two names


def draw_scatter(
    points: NDArray[np.floating],
    digits: NDArray[np.integer],
    path: Path,
    *,
    title: str,
    axes: tuple[str, str],
    names: Sequence[str] = (),
) -> None:
    """Draws points `(n, 2)` in the colours of their digits, with a legend; both axes have one scale.

    Each digit is written at a point near the median of its own, too, for readers who cannot tell its colour.

    `digits` are whole numbers from 0, `(n,)`, of which the legend has those that occur, by their `names` if they have
    any; `axes` are labels.

    Raises:
        ValueError: There is not one digit a point, or a point has not two finite numbers.
    """
    if points.shape != (len(digits), 2) or not np.isfinite(points).all():
        raise ValueError(
            f"`points` must be finite and (n, 2), and `digits` (n,). Received: {points.shape} and {digits.shape}"
        )
    size, alpha = (5, 0.5) if len(points) > MANY else (14, 0.8)
    with figures.panels((1, 1), path, title=title, inches=(7.6, 7.0)) as (figure, ((panel,),)):
        shown, places = sorted(set(digits.tolist())), place_names(points, digits)
        for digit in shown:
            across, up = points[digits == digit].T
            colour = COLOURS[digit] if shown[-1] < len(COLOURS) else MANY_COLOURS(digit / shown[-1])
            label = names[digit] if names else digit
            panel.scatter(across, up, s=size, alpha=alpha, linewidths=0, color=colour, label=label)
            panel.annotate(str(label), places[digit], ha="center", va="center", size=13, path_effects=OUTLINE)
        panel.set(xlabel=axes[0], ylabel=axes[1])
        panel.set_aspect("equal", adjustable="datalim")
        heading, columns = "class" if names else "digit", -(-len(shown) // LEGEND_ROWS)
        legend = figure.legend(loc="outside right center", title=heading, frameon=False, markerscale=3, ncols=columns)
        for handle in legend.legend_handles:
            if handle is not None:
                handle.set_alpha(1)


def place_names(points: NDArray[np.floating], digits: NDArray[np.integer]) -> dict[int, tuple[float, float]]:
    """Returns for each digit the point of its own that is nearest to their median and apart from the other names.

    `points` are `(n, 2)`, `digits` `(n,)`. Where none of its points is apart from the names before it, it has the
    nearest to the median.
    """
    apart = APART * float(np.ptp(points, axis=0).max(initial=0.0))
    places: dict[int, tuple[float, float]] = {}
    for digit in sorted(set(digits.tolist())):
        own = points[digits == digit]
        own = own[np.argsort(np.linalg.norm(own - np.median(own, axis=0), axis=1), kind="stable")]
        taken = np.array([*places.values()]).reshape(-1, 2)
        free = (np.linalg.norm(own[:, None] - taken, axis=2) >= apart).all(axis=1)
        across, up = own[free.argmax()]
        places[digit] = float(across), float(up)
    return places
