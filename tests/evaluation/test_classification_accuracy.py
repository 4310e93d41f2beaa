import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.evaluation.classification_accuracy import MissingDigitsError, Reader, classification_accuracy

DIGITS = np.arange(50) % 10


def drawn(digits: NDArray[np.integer]) -> NDArray[np.float32]:
    """An image that is as bright as its digit is high."""
    return np.repeat(digits / 10, 784).reshape(-1, 28, 28).astype(np.float32)


def nearest_mean(images: NDArray[np.generic], digits: NDArray[np.integer]) -> Reader:
    """A classifier that learns each digit's mean brightness."""
    means = np.array([images[digits == digit].mean() for digit in range(10)])
    return lambda unseen: np.eye(10)[np.abs(unseen.mean(axis=(1, 2))[:, np.newaxis] - means).argmin(axis=1)]


def test_who_learns_from_digits_like_the_real_ones_reads_them_all() -> None:
    score = classification_accuracy(drawn(DIGITS), DIGITS, unseen=drawn(DIGITS), labels=DIGITS, learn=nearest_mean)
    assert score == 1


def test_two_classes_that_are_generated_in_place_of_each_other_are_read_wrong() -> None:
    swapped = np.where(DIGITS == 3, 4, np.where(DIGITS == 4, 3, DIGITS))
    score = classification_accuracy(drawn(swapped), DIGITS, unseen=drawn(DIGITS), labels=DIGITS, learn=nearest_mean)
    assert score == pytest.approx(0.8)


def test_a_class_that_was_never_asked_for_is_refused() -> None:
    few = DIGITS[DIGITS < 8]
    with pytest.raises(MissingDigitsError, match=r"Received: none of 8, 9$"):
        classification_accuracy(drawn(few), few, unseen=drawn(DIGITS), labels=DIGITS, learn=nearest_mean)
