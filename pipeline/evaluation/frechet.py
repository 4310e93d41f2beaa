"""Fréchet digit distance: Heusel et al. 2017 (arXiv 1706.08500), with the judge in Inception's place.

Its unit is a hundredth of the total variance of the judge's features on real training images. So distances by
two judges compare with each other, but none compares with a FID by Inception.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

TOTAL_VARIANCE = 100.0


@dataclass(frozen=True)
class FeatureScale:
    """The factor of features, above 0, that makes the total variance of real training images 100."""

    factor: float

    @classmethod
    def fit(cls, features: NDArray[np.floating]) -> Self:
        """Computes the scale of a judge from its features of real training images, `(n, d)`, n at least 2.

        Raises:
            ValueError: The features do not vary.
        """
        variance = float(features.var(axis=0, dtype=np.float64, ddof=1).sum()) if len(features) > 1 else 0.0
        if not (np.isfinite(variance) and variance > 0):
            raise ValueError(f"`features` must vary, and be finite. Received: a total variance of {variance}")
        return cls(float(np.sqrt(TOTAL_VARIANCE / variance)))

    def apply(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Scales the judge's features of any images, `(n, d)`, to float32."""
        return (features * self.factor).astype(np.float32)


def frechet_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Computes the squared 2-Wasserstein distance, 0 or more, between Gaussians fitted to two samples.

    |m₁ - m₂|² + tr(C₁ + C₂ - 2 (C₁C₂)^½). With C = RᵀR of a QR decomposition, the trace of (C₁C₂)^½ is the sum of the
    singular values of R₁R₂ᵀ. No covariance is formed and no matrix root taken, so singular covariances do no harm. The
    features are `(n, d)` and `(m, d)`, the distance is in their squared units.

    Raises:
        ValueError: A sample has fewer than two points, or the samples differ in d.
    """
    if min(len(first), len(second)) < 2 or first.shape[1:] != second.shape[1:]:
        raise ValueError(
            "`first` and `second` must be (n, d) with two points or more each, and of one d. "
            f"Received: {first.shape} and {second.shape}"
        )
    (first_mean, first_root), (second_mean, second_root) = _fit(first), _fit(second)
    shared = np.linalg.svd(first_root @ second_root.T, compute_uv=False).sum()
    spread = np.square(first_root).sum() + np.square(second_root).sum() - 2 * shared
    return float(np.square(first_mean - second_mean).sum() + max(0.0, spread))


def frechet_by_digit(
    first: NDArray[np.floating],
    first_digits: NDArray[np.integer],
    second: NDArray[np.floating],
    second_digits: NDArray[np.integer],
) -> NDArray[np.float64]:
    """Computes the Fréchet distance within each digit; NaN where a sample has fewer than two of the digit.

    The features are `(n, d)` and `(m, d)`, their digits whole numbers from 0, `(n,)` and `(m,)`. There is a
    distance for each digit from 0 to the highest.
    """
    distances = np.full(int(max(first_digits.max(initial=0), second_digits.max(initial=0))) + 1, np.nan)
    for digit in range(len(distances)):
        pair = first[first_digits == digit], second[second_digits == digit]
        if min(map(len, pair)) >= 2:
            distances[digit] = frechet_distance(*pair)
    return distances


def _fit(features: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    exact = features.astype(np.float64)
    mean = exact.mean(axis=0)
    return mean, np.linalg.qr(exact - mean, mode="r") / np.sqrt(len(exact) - 1)
