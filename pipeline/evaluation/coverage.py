"""Precision, recall, density and coverage: how two samples overlap.

The first two are by Kynkäänniemi et al. 2019 (arXiv 1904.06991), the others by Naeem et al. 2020 (arXiv 2002.09797).
All four ask who lies in whose neighbourhood: a point's neighbourhood is the ball that reaches to its k-th nearest
neighbour of the same sample, its edge not included.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.distances import Distances, rounding

NEIGHBOURS = 5


@dataclass(frozen=True, eq=False)
class Manifold:
    """A sample's points with their neighbourhoods.

    Attributes:
        points: float64 `(n, d)`.
        reach: Whose squared distance is below this lies inside, float64 `(n,)`. It is smaller than the squared radius
            by what distances may be off, so that who lies on the edge, as copies do, never counts as inside.
        neighbours: The k of the k-th nearest neighbour.
    """

    points: NDArray[np.float64]
    reach: NDArray[np.float64]
    neighbours: int

    @classmethod
    def fit(cls, features: NDArray[np.floating], neighbours: int = NEIGHBOURS) -> Self:
        """Finds the neighbourhoods.

        Args:
            features: `(n, d)`, n above `neighbours`.
            neighbours: Points that a ball reaches to, itself not counted; 1 or more.

        Returns:
            The manifold.

        Raises:
            ValueError: There are too few points.
        """
        if not 1 <= neighbours < len(features):
            raise ValueError(f"`neighbours` must be 1 to {len(features) - 1}, below the points. Received: {neighbours}")
        points = features.astype(np.float64)
        squared_radii = np.empty(len(points))
        for rows, distances in Distances(points).blocks(points):
            distances.partition(neighbours, axis=1)
            squared_radii[rows] = distances[:, neighbours]
        squared_radii = np.maximum(squared_radii, 0)
        return cls(points, squared_radii - 2 * rounding(points, np.sqrt(squared_radii)), neighbours)


@dataclass(frozen=True)
class Coverage:
    """How two samples overlap.

    Attributes:
        precision: Share of generated points in a neighbourhood of a real one.
        recall: Share of real points in a neighbourhood of a generated one.
        density: Neighbourhoods of real points that a generated one lies in, divided by k; the mean, 1 for samples of
            one distribution, and above 1 where generated points crowd where real ones do.
        coverage: Share of real points with a generated one in their neighbourhood.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def measure_coverage(generated: Manifold, real: Manifold) -> Coverage:
    """Gives all four measures.

    Args:
        generated: Neighbourhoods of generated digits.
        real: Neighbourhoods of real digits, by as many neighbours.

    Returns:
        The measures.

    Raises:
        ValueError: The manifolds are of different neighbours.
    """
    if generated.neighbours != real.neighbours:
        raise ValueError(
            "`generated` and `real` must be of as many neighbours. "
            f"Received: {generated.neighbours} and {real.neighbours}"
        )
    hosts = np.zeros(len(generated.points), np.int64)
    covered = np.zeros(len(real.points), bool)
    recalled = np.zeros(len(real.points), bool)
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
    """Gives the coverage, for which generated digits need no neighbourhoods: a third of the time of all four.

    Args:
        generated: Features of generated digits, `(n, d)`.
        real: Neighbourhoods of real digits.

    Returns:
        The share of real points with a generated one in their neighbourhood.
    """
    covered = np.zeros(len(real.points), bool)
    for rows, distances in Distances(generated.astype(np.float64)).blocks(real.points):
        covered[rows] = distances.min(axis=1) < real.reach[rows]
    return float(covered.mean())
