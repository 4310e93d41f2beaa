"""Conditional accuracy: does the judge read the digit that was asked for?"""

import numpy as np
from numpy.typing import NDArray

Confusion = NDArray[np.int64]


def confusion(probabilities: NDArray[np.floating], digits: NDArray[np.integer]) -> Confusion:
    """Counts the judge's readings of each digit.

    Args:
        probabilities: The judge's p(y given x), `(n, classes)`.
        digits: The digits asked for or, of real images, shown; whole numbers from 0, `(n,)`.

    Returns:
        int64 `(classes, classes)`: the row is the digit asked for, the column the likeliest reading.

    Raises:
        ValueError: The shapes do not fit, or a digit is out of range.
    """
    if probabilities.ndim != 2 or digits.shape != (len(probabilities),):
        raise ValueError(
            f"`probabilities` must be (n, classes) and `digits` (n,). "
            f"Received: {probabilities.shape} and {digits.shape}"
        )
    classes = probabilities.shape[1]
    if len(digits) and not 0 <= digits.min() <= digits.max() < classes:
        raise ValueError(f"`digits` must be 0 to {classes - 1}. Received: {digits.min()} to {digits.max()}")
    cells = digits.astype(np.int64) * classes + probabilities.argmax(axis=1)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def accuracy(counts: Confusion) -> float:
    """Computes the share of all digits that are read as asked for, in [0, 1].

    Raises:
        ValueError: Nothing was counted.
    """
    total = int(counts.sum())
    if not total:
        raise ValueError("`counts` must be of one digit at least. Received: none")
    return int(counts.trace()) / total


def accuracy_by_digit(counts: Confusion) -> NDArray[np.float64]:
    """Computes the share of each digit that is read as asked for, `(classes,)` in [0, 1]; NaN where none was asked."""
    asked = counts.sum(axis=1)
    shares = np.full(len(counts), np.nan)
    np.divide(counts.diagonal(), asked, out=shares, where=asked > 0)
    return shares
