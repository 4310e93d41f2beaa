"""Memorisation: do generated digits lie nearer to training images than unseen real digits do?

All pairs of 10,000 and 60,000 images take 470 billion products of pixels. The search skips most of them. It maps images
to short vectors, their leading principal components and the length of the remainder, by which no distance grows. It
compares pixels only of pairs whose short distance is below the best full distance found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.distances import Distances, rounding, squared_lengths
from pipeline.evaluation.pixels import flat_pixels

COMPONENTS = 100
FITTED_IMAGES = 5000
PAIRS_AN_IMAGE = 200


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest training image of each of n images.

    Attributes:
        distances: Euclidean, over pixels in [0, 1]; float64 `(n,)`.
        indices: Which training image; the first of equally near ones, int64 `(n,)`.
    """

    distances: NDArray[np.float64]
    indices: NDArray[np.int64]


class TrainingImages:
    """Training images, one or more as `unit_pixels` takes them, prepared for finding the nearest of them."""

    def __init__(self, images: NDArray[np.generic]) -> None:
        if not len(images):
            raise ValueError("`images` must be one at least. Received: none")
        self._pixels = flat_pixels(images)
        self._mean = self._pixels.mean(axis=0)
        some = self._pixels[:FITTED_IMAGES] - self._mean
        _, axes = np.linalg.eigh(some.T @ some)
        self._axes = np.ascontiguousarray(axes[:, -COMPONENTS:])
        self._short = Distances(self._shorten(self._pixels))

    @cached_property
    def _whole(self) -> Distances[np.float32]:
        return Distances(self._pixels)

    def nearest(self, images: NDArray[np.generic]) -> Nearest:
        """Finds the nearest training image of each image, exactly.

        Raises:
            ValueError: The images are of another size than the training images.
        """
        pixels = flat_pixels(images)
        if pixels.shape[1] != self._pixels.shape[1]:
            raise ValueError(
                f"`images` must have {self._pixels.shape[1]} pixels as the training images do. "
                f"Received: {pixels.shape[1]}"
            )
        distances = np.empty(len(pixels))
        indices = np.empty(len(pixels), np.int64)
        for rows, squared in self._short.blocks(self._shorten(pixels)):
            block = pixels[rows]
            pairs = self._candidates(block, squared)
            if len(pairs) > PAIRS_AN_IMAGE * len(block):
                portions = self._whole.blocks(block)
                found = [
                    self._candidates(block[part], whole) + part.start * len(self._pixels) for part, whole in portions
                ]
                pairs = np.concatenate(found)
            distances[rows], indices[rows] = self._best(block, pairs)
        return Nearest(distances, indices)

    def _shorten(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        centred = pixels - self._mean
        leading = centred @ self._axes
        left_over = np.sqrt(np.maximum(squared_lengths(centred) - squared_lengths(leading), 0))
        return np.column_stack([leading, left_over])

    def _candidates(self, pixels: NDArray[np.float32], squared: NDArray[np.float32]) -> NDArray[np.int64]:
        guesses = squared.argmin(axis=1)
        found = squared_lengths(pixels - self._pixels[guesses])
        slack = 2 * rounding(pixels, np.sqrt(found))
        return np.flatnonzero(squared <= (found + slack)[:, np.newaxis])

    def _best(
        self, pixels: NDArray[np.float32], pairs: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        rows, indices = np.divmod(pairs, len(self._pixels))
        squared = squared_lengths((pixels[rows] - self._pixels[indices]).astype(np.float64))
        order = np.lexsort((squared, rows))
        first = order[np.searchsorted(rows, np.arange(len(pixels)))]
        return np.sqrt(squared[first]), indices[first]


def compare_nearest(images: Nearest, unseen: Nearest) -> Mapping[str, float]:
    """Compares distances to training images with those of unseen real images.

    Returns:
        `quantile_1`, `quantile_10` and `median` of the distances, and `share_nearer`: the share nearer than the first
        percentile of the unseen images, so 0.01 without memorisation.
    """
    low, lower, median = np.quantile(images.distances, [0.01, 0.1, 0.5])
    nearer = (images.distances < np.quantile(unseen.distances, 0.01)).mean()
    values = {"quantile_1": low, "quantile_10": lower, "median": median, "share_nearer": nearer}
    return {name: float(value) for name, value in values.items()}
