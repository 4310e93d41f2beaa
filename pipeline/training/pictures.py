"""The pictures that a family draws of a training, and the real digits beside its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.data.columns import available_rows, class_columns, rows_a_band
from pipeline.data.dataset import Splits, scaled, without_grey_channel
from pipeline.settings.composed import Settings


@dataclass(frozen=True)
class Picture:
    """Tiles of images, in blocks side by side.

    Attributes:
        blocks: Each `(rows, columns, height, width)` in [-1, 1], or with 3 channels behind.
        headings: A heading for each.
        classes: Whether the names of the classes stand beside `columns` or `rows`, which have one each; empty for none.
    """

    blocks: Sequence[NDArray[np.float32]]
    headings: tuple[str, ...]
    classes: Literal["columns", "rows", ""] = ""


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points of a plane, coloured by digit.

    Attributes:
        points: float32 `(n, 2)`.
        digits: Whole numbers from 0, `(n,)`.
        title: The title above the plane.
        axes: Names of the two numbers.
    """

    points: NDArray[np.float32]
    digits: NDArray[np.integer[Any]]
    title: str
    axes: tuple[str, str]


Pictures = dict[str, Picture | Scatter]


def as_tiles(images: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    """Lays images `(n, height, width, channels)` in rows, `(rows, columns, height, width)`, in colour with channels."""
    return without_grey_channel(images.reshape(rows, -1, *images.shape[1:]))


def real_tiles(splits: Splits, settings: Settings) -> NDArray[np.float32]:
    """Test images `(rows, classes, height, width)` in [-1, 1], one class per column, in at most `render.rows` rows.

    Of colour images they have channels behind. Where there are more classes than ten, which a picture lays in bands of
    ten, the rows are shared among the bands.
    """
    images, labels, classes = splits.test.images, splits.test.labels, splits.format.classes
    rows = max(1, min(rows_a_band(settings.render.rows, classes), available_rows(labels, classes=classes)))
    return scaled(class_columns(images, labels, rows=rows, classes=classes))
