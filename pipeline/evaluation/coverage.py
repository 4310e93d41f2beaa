"""Precision, recall, density and coverage: how two samples overlap.

The first two are by Kynkäänniemi et al. 2019 (arXiv 1904.06991), the others by Naeem et al. 2020 (arXiv 2002.09797).
All four count points in neighbourhoods. A point's neighbourhood is the open ball that reaches to its k-th nearest
neighbour in the same sample.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.distances import Distances, rounding

NEIGHBOURS = 5
NUMBERS_A_PART = 32


@dataclass(frozen=True, eq=False)
class Manifold:
    """A sample's points with their neighbourhoods.

    Attributes:
        points: float64 `(n, d)`.
        reach: Squared radii, float64 `(n,)`. Each is reduced by the rounding error of distances, so that a point on the
            edge, such as a copy, never counts as inside.
        neighbours: The k of the k-th nearest neighbour.
    """

    points: NDArray[np.float64]
    reach: NDArray[np.float64]
    neighbours: int

    @classmethod
    def fit(cls, features: NDArray[np.floating], neighbours: int = NEIGHBOURS) -> Self:
        """Finds the neighbourhoods of features `(n, d)`.

        Raises:
            ValueError: `neighbours` is below 1 or not below n; the point itself is not counted.
        """
        if not 1 <= neighbours < len(features):
            raise ValueError(f"`neighbours` must be 1 to {len(features) - 1}, below the points. Received: {neighbours}")
        points = features.astype(np.float64)
        squared_radii = np.empty(len(points))
        for rows, distances in Distances(points).blocks(points):
            squared_radii[rows] = nth_smallest(distances, neighbours)
        squared_radii = np.maximum(squared_radii, 0)
        return cls(points, squared_radii - 2 * rounding(points, np.sqrt(squared_radii)), neighbours)


@dataclass(frozen=True)
class Coverage:
    """The overlap of two samples.

    Attributes:
        precision: Share of generated points in a neighbourhood of a real one.
        recall: Share of real points in a neighbourhood of a generated one.
        density: Mean number of real neighbourhoods that a generated point lies in, divided by k. It is 1 for samples of
            one distribution, and above 1 where generated points crowd in dense regions of real ones.
        coverage: Share of real points with a generated one in their neighbourhood.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def measure_coverage(generated: Manifold, real: Manifold) -> Coverage:
    """Computes all four measures of the neighbourhoods of generated and of real digits.

    Raises:
        ValueError: The manifolds differ in k.
    """
    if generated.neighbours != real.neighbours:
        received = f"{generated.neighbours} and {real.neighbours}"
        raise ValueError(f"`generated` and `real` must be of as many neighbours. Received: {received}")
    hosts = np.zeros(len(generated.points), np.int64)
    covered, recalled = np.zeros((2, len(real.points)), bool)
    for rows, distances in Distances(generated.points).blocks(real.points):
        inside = distances < real.reach[rows, np.newaxis]
        hosts += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        recalled[rows] = (distances < generated.reach).any(axis=1)
    return Coverage(
        precision=float((hosts > 0).mean()),
        recall=float(recalled.mean()),
        density=float(hosts.mean()) / real.neighbours,
        coverage=float(covered.mean()),
    )


def coverage_alone(generated: NDArray[np.floating], real: Manifold) -> float:
    """Computes the coverage alone, in a third of the time: generated features `(n, d)` need no neighbourhoods."""
    return float((_nearest_squared(real.points, generated) < real.reach).mean())


def nearest_distances(points: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Computes the Euclidean distance `(n,)` from each point `(n, d)` to the nearest of the others `(m, d)`."""
    distances: NDArray[np.float64] = np.sqrt(np.maximum(_nearest_squared(points, others), 0))
    return distances


def coverage_gaps(generated: NDArray[np.floating], real: Manifold) -> NDArray[np.float64]:
    """Computes how far each real point `(n,)` is from being covered by generated features `(m, d)`.

    That is the distance to the nearest generated point, divided by the radius of the neighbourhood: coverage is the
    share below 1. Of a point without a neighbourhood, such as one of many copies, it is infinite.
    """
    squared = np.maximum(_nearest_squared(real.points, generated), 0)
    gaps: NDArray[np.float64] = np.full(len(squared), np.inf)
    np.divide(squared, real.reach, out=gaps, where=real.reach > 0)
    return np.sqrt(gaps, out=gaps)


def nth_smallest(rows: NDArray[np.float64], rank: int) -> NDArray[np.float64]:
    """Finds the number of a rank, 0 for the smallest, in each of the rows `(n, m)`; returns `(n,)`.

    Rows are cut into parts. The smallest numbers are in the parts whose own smallest are the smallest; only these parts
    are searched, which takes a seventh of the time.
    """
    spare = rows.shape[1] % NUMBERS_A_PART
    parts = rows[:, spare:].reshape(len(rows), NUMBERS_A_PART, -1)
    if parts.shape[2] > rank:
        nearest = parts.min(axis=1).argpartition(rank, axis=1)[:, np.newaxis, : rank + 1]
        left = np.take_along_axis(parts, nearest, axis=2).reshape(len(rows), -1)
        rows = np.concatenate([rows[:, :spare], left], axis=1)
    smallest: NDArray[np.float64] = np.partition(rows, rank, axis=1)[:, rank]
    return smallest


def _nearest_squared(points: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    nearest = np.empty(len(points))
    for rows, distances in Distances(others.astype(np.float64)).blocks(points.astype(np.float64)):
        nearest[rows] = distances.min(axis=1)
    return nearest
