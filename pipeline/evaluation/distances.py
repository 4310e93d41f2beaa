"""Squared Euclidean distances between many points, a block of rows at a time."""

from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.float32, np.float64)

BLOCK_BYTES = 2**25


class Distances(Generic[Number]):
    """Squared distances to given points `(m, d)`, by |x|² + |y|² - 2 x·y as one product of matrices.

    The product rounds: a distance is exact to `rounding`, and one of 0 may come out below 0.
    """

    def __init__(self, points: NDArray[Number]) -> None:
        ones = np.ones(len(points), points.dtype)
        self._right = np.column_stack([points, ones, squared_lengths(points)]).T

    def blocks(self, points: NDArray[Number]) -> Iterator[tuple[slice, NDArray[Number]]]:
        """Computes the squared distances from other points `(n, d)`, of the same type, in blocks of at most 32 MiB.

        Yields:
            The rows of `points`, and their squared distances `(rows, m)`. The next block overwrites the array.
        """
        count = self._right.shape[1]
        size = max(1, BLOCK_BYTES // (points.itemsize * max(1, count)))
        squared = np.empty((min(size, len(points)), count), points.dtype)
        for start in range(0, len(points), size):
            part = points[start : start + size]
            left = np.column_stack([-2 * part, squared_lengths(part), np.ones(len(part), part.dtype)])
            yield slice(start, start + len(part)), np.matmul(left, self._right, out=squared[: len(part)])


def squared_lengths(points: NDArray[Number]) -> NDArray[Number]:
    """Computes the squared length `(n,)` of each of the points `(n, d)`."""
    lengths: NDArray[Number] = np.einsum("ij,ij->i", points, points)
    return lengths


def rounding(points: NDArray[Number], reach: NDArray[Number]) -> NDArray[Number]:
    """Returns a bound on the rounding error of the squared distances of `Distances`: (d + 2) ε (|x| + |y|)², `(n,)`.

    Args:
        points: `(n, d)`, of the type in which distances are computed.
        reach: A bound on the distance of the other point, `(n,)`.
    """
    longest = 2 * np.sqrt(squared_lengths(points)) + reach
    bound: NDArray[Number] = (points.shape[1] + 2) * np.finfo(points.dtype).eps * np.square(longest)
    return bound
