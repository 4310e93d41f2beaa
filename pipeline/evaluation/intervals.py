"""The values of several seeds as a mean and an interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Estimate:
    """A measure over seeds.

    Attributes:
        mean: The mean.
        margin: Half the width of the interval; None with fewer than three seeds, whose interval would be meaningless.
        seeds: The number of values.
    """

    mean: float
    margin: float | None
    seeds: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """The lower and the upper end, or None."""
        return None if self.margin is None else (self.mean - self.margin, self.mean + self.margin)


def estimate(values: Sequence[float], *, confidence: float = 0.95) -> Estimate:
    """Computes the mean of the values of several seeds and its interval by Student's t.

    `confidence` is the share of such intervals that hold the true mean.

    Raises:
        ValueError: There is no value, or `confidence` is not above 0 and below 1.
    """
    if not len(values) or not 0 < confidence < 1:
        raise ValueError(
            "`values` must be one at least, and `confidence` above 0 and below 1. "
            f"Received: {len(values)} values, confidence={confidence}"
        )
    count = len(values)
    mean = float(np.mean(values))
    if count < FEWEST_SEEDS:
        return Estimate(mean, None, count)
    # Not at the top, as in `diversity`.
    from scipy.special import stdtrit

    quantile = float(stdtrit(count - 1, (1 + confidence) / 2))
    return Estimate(mean, quantile * float(np.std(values, ddof=1)) / math.sqrt(count), count)
