"""Digits with the judge's view of them: the input of every measure."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.coverage import Manifold
from pipeline.evaluation.memorization import Nearest


@dataclass(frozen=True, eq=False)
class Sample:
    """Digits, generated or real.

    Attributes:
        images: uint8 or floats in [-1, 1], `(n, size, size)` or `(n, size, size, channels)`.
        digits: The digits asked for or, of real images, their labels; whole numbers from 0, `(n,)`.
        probabilities: The judge's p(y given x), `(n, classes)`.
        features: The judge's features, scaled by its `FeatureScale`, `(n, d)`.
        nearest: The nearest training images; None leaves memorisation out.

    Raises:
        ValueError: They are not of one length, or the judge's view is not finite.
    """

    images: NDArray[np.generic]
    digits: NDArray[np.integer]
    probabilities: NDArray[np.floating]
    features: NDArray[np.floating]
    nearest: Nearest | None = None

    def __post_init__(self) -> None:
        lengths = [len(self.images), len(self.digits), len(self.probabilities), len(self.features)]
        lengths += [] if self.nearest is None else [len(self.nearest.distances)]
        if len(set(lengths)) != 1:
            raise ValueError(f"the arrays of a sample must be of one length. Received: {lengths}")
        if not (np.isfinite(self.probabilities).all() and np.isfinite(self.features).all()):
            raise ValueError("`probabilities` and `features` must be finite. Received: values that are not")

    def __len__(self) -> int:
        """The number of digits."""
        return len(self.digits)

    def part(self, count: int, *, start: int = 0) -> "Sample":
        """Returns `count` digits from `start` on, or as many as are left, without their nearest training images."""
        chosen = slice(start, start + count)
        return Sample(self.images[chosen], self.digits[chosen], self.probabilities[chosen], self.features[chosen])

    @cached_property
    def manifold(self) -> Manifold:
        """The neighbourhoods of the features, computed once."""
        return Manifold.fit(self.features)
