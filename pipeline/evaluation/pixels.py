"""Images as stored and as networks make them, in one unit."""

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import require_scaled

Pixels = NDArray[np.float32]


def unit_pixels(images: NDArray[np.generic]) -> Pixels:
    """Returns images with 0 for paper and 1 for ink.

    Args:
        images: `(n, height, width)`, or with 1 or 3 channels behind: uint8 from 0 to 255, or floats in [-1, 1];
            rounding errors of 1e-3 beyond are clipped.

    Returns:
        float32 `(n, height, width)` in [0, 1], in colour with 3 channels behind.

    Raises:
        ValueError: The array has another shape or type, or a value is not finite or out of range.
    """
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 and not (images.ndim == 4 and images.shape[-1] == 3):
        raise ValueError(f"`images` must be (n, height, width), or with 1 or 3 channels. Received: {images.shape}")
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"`images` must be uint8 or floats. Received: {images.dtype}")
    require_scaled(images)
    pixels: Pixels = np.clip((images.astype(np.float32) + np.float32(1)) / np.float32(2), 0, 1)
    return pixels


def flat_pixels(images: NDArray[np.generic]) -> Pixels:
    """Returns `unit_pixels` with one row an image, `(n, height * width)`, in colour three times as many."""
    pixels = unit_pixels(images)
    return pixels.reshape(len(pixels), -1)
