"""Images ↔ larger square images, whose size five halvings and doublings restore."""

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import scaled, with_channels
from pipeline.settings.images import ImageFormat

PAPER = np.float32(-1)


def pad(images: NDArray[np.uint8], *, size: int, channels: int) -> NDArray[np.float32]:
    """Places images in the middle of larger ones, whose channels repeat the grey.

    uint8 `(n, height, width)`, or with 3 channels behind, 0 for paper and 255 for ink, becomes float32
    `(n, size, size, channels)` in [-1, 1], -1 for paper; `size` is as much or more.
    """
    padded = np.full((len(images), size, size, channels), PAPER)
    middle = window(size, images.shape[1])
    padded[:, middle, middle] = with_channels(scaled(images))
    return padded


def crop(images: NDArray[np.float32], *, format: ImageFormat) -> NDArray[np.float32]:
    """Cuts images of a form out of the middle of larger ones; of those in grey, channels are averaged.

    The larger ones are `(n, size, size, channels)`.
    """
    middle = window(images.shape[1], format.size)
    cropped = images[:, middle, middle]
    if format.channels > 1:
        return cropped
    averaged: NDArray[np.float32] = cropped.mean(axis=-1, keepdims=True, dtype=np.float32)
    return averaged


def window(size: int, inner: int) -> slice:
    """Rows, or columns, of an image of `inner` pixels within a padded one of `size`."""
    first = (size - inner) // 2
    return slice(first, first + inner)
