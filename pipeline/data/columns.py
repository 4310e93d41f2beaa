"""Labelled images, arranged by class."""

import numpy as np
from numpy.typing import NDArray

from pipeline.data.errors import DataError

BAND = 10  # classes side by side in a picture; further ones begin a band below


class TooFewImagesError(DataError):
    """A class has fewer images than requested."""


def rows_a_band(rows: int, classes: int) -> int:
    """Returns the rows of each band of ten classes, where all bands share so many rows; one at least."""
    bands = -(-classes // BAND)
    return max(1, rows // bands)


def available_rows(labels: NDArray[np.integer], *, classes: int) -> int:
    """Number of rows that `class_columns` can fill: the images of the rarest class, 0 if a class has none.

    `labels` are `(n,)`, whole numbers from 0 to `classes` - 1.
    """
    return int(np.bincount(labels, minlength=classes)[:classes].min())


def class_columns(
    images: NDArray[np.generic], labels: NDArray[np.integer], *, rows: int, classes: int
) -> NDArray[np.generic]:
    """Returns the first images of each class, one class per column.

    Args:
        images: `(n, height, width)`, or `(n, height, width, channels)`.
        labels: `(n,)`, whole numbers; column c holds the images whose label is c.
        rows: Number of images per class.
        classes: Number of classes.

    Returns:
        `(rows, classes, height, width)`, with channels if `images` has them, of the same dtype.

    Raises:
        ValueError: `images` and `labels` differ in length, or `rows` is below 1.
        TooFewImagesError: A class has fewer than `rows` images.
    """
    if len(images) != len(labels) or rows < 1:
        raise ValueError(
            "`images` and `labels` must have the same length, and `rows` must be at least 1. "
            f"Received: {len(images)} images, {len(labels)} labels, rows={rows}"
        )
    columns = [np.flatnonzero(labels == digit)[:rows] for digit in range(classes)]
    for digit, column in enumerate(columns):
        if len(column) < rows:
            raise TooFewImagesError(
                f"`rows` must be at most the images of each class; class {digit} has {len(column)}. Received: {rows}"
            )
    return images[np.stack(columns, axis=1)]
