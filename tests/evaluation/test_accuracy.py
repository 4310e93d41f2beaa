import re

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.evaluation.accuracy import accuracy, accuracy_by_digit, confusion


def judged(readings: list[int]) -> NDArray[np.float64]:
    return np.eye(10)[readings] * 0.5 + 0.05


def test_rows_of_the_confusion_are_what_was_asked_for_and_columns_what_was_read() -> None:
    counts = confusion(judged([7, 7, 1, 4]), np.array([7, 1, 1, 9]))
    expected = np.zeros((10, 10), int)
    expected[[7, 1, 1, 9], [7, 7, 1, 4]] = 1
    np.testing.assert_array_equal(counts, expected)


def test_three_of_four_digits_read_as_asked_for_are_three_quarters() -> None:
    counts = confusion(judged([3, 3, 8, 0]), np.array([3, 3, 8, 8], np.uint8))
    assert accuracy(counts) == 0.75
    by_digit = accuracy_by_digit(counts)
    assert (by_digit[3], by_digit[8]) == (1, 0.5)


def test_a_digit_that_was_never_asked_for_has_no_accuracy() -> None:
    by_digit = accuracy_by_digit(confusion(judged([3]), np.array([3])))
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(by_digit)), [3])


def test_a_judge_that_knows_nothing_reads_a_tenth_as_asked_for() -> None:
    random = np.random.default_rng(0)
    counts = confusion(random.random((20_000, 10)), random.integers(0, 10, 20_000))
    assert accuracy(counts) == pytest.approx(0.1, abs=0.01)
    assert counts.sum() == 20_000


@pytest.mark.parametrize(
    ("probabilities", "digits", "message"),
    [
        (np.ones(2), np.zeros(2, int), "must be (n, classes)"),
        (np.ones((2, 10)), np.zeros(3, int), "Received: (2, 10) and (3,)"),
        (np.ones((2, 10)), np.zeros((2, 1), int), "and (2, 1)"),
        (np.ones((2, 10)), np.array([0, 10]), "must be 0 to 9. Received: 0 to 10"),
        (np.ones((2, 10)), np.array([-1, 3]), "must be 0 to 9. Received: -1 to 3"),
    ],
)
def test_what_does_not_fit_is_refused(
    probabilities: NDArray[np.float64], digits: NDArray[np.int64], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        confusion(probabilities, digits)


def test_nothing_has_no_accuracy() -> None:
    with pytest.raises(ValueError, match="one digit at least"):
        accuracy(confusion(np.zeros((0, 10)), np.zeros(0, int)))
