"""Digits ↔ larger square images, whose size five halvings and doublings restore."""

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import scaled

DIGIT_SIZE = 28
PAPER = np.float32(-1)


def pad(images: NDArray[np.uint8], *, size: int, channels: int) -> NDArray[np.float32]:
    """Places digits in the middle of larger images, whose channels repeat the grey.

    uint8 `(n, 28, 28)`, 0 for paper and 255 for ink, becomes float32 `(n, size, size, channels)` in [-1, 1], -1 for
    paper; `size` is 28 or more.
    """
    padded = np.full((len(images), size, size, channels), PAPER)
    middle = window(size)
    padded[:, middle, middle] = scaled(images)[..., np.newaxis]
    return padded


def crop(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cuts digits `(n, 28, 28, 1)` out of the middle of larger images and averages their channels.

    The images are `(n, size, size, channels)`; `size` is 28 or more.
    """
    middle = window(images.shape[1])
    cropped: NDArray[np.float32] = images[:, middle, middle].mean(axis=-1, keepdims=True, dtype=np.float32)
    return cropped


def window(size: int) -> slice:
    """Rows, or columns, of the digit within a padded image of `size` pixels."""
    first = (size - DIGIT_SIZE) // 2
    return slice(first, first + DIGIT_SIZE)
