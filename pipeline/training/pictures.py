"""The pictures that a family draws of a training, and the real digits beside its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.columns import available_rows, class_columns
from pipeline.data.dataset import Splits, scaled
from pipeline.settings.composed import Settings


@dataclass(frozen=True)
class Picture:
    """Tiles of images, in blocks side by side: each `(rows, columns, height, width)` in [-1, 1] and with a heading."""

    blocks: Sequence[NDArray[np.float32]]
    headings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points of a plane, coloured by digit.

    Attributes:
        points: float32 `(n, 2)`.
        digits: Whole numbers 0 to 9, `(n,)`.
        title: The title above the plane.
        axes: Names of the two numbers.
    """

    points: NDArray[np.float32]
    digits: NDArray[np.integer[Any]]
    title: str
    axes: tuple[str, str]


Pictures = dict[str, Picture | Scatter]


def real_tiles(splits: Splits, settings: Settings) -> NDArray[np.float32]:
    """Test images `(rows, 10, 28, 28)` in [-1, 1], one class per column, in at most `render.rows` rows."""
    images, labels = splits.test.images, splits.test.labels
    return scaled(class_columns(images, labels, rows=min(settings.render.rows, available_rows(labels))))
