import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.evaluation.score import digit_score


def test_sure_readings_of_ten_equally_frequent_digits_score_ten() -> None:
    assert digit_score(np.eye(10)[np.arange(200) % 10].astype(np.float32)) == pytest.approx(10)


def test_unsure_readings_score_one() -> None:
    assert digit_score(np.full((50, 10), 0.1, np.float32)) == pytest.approx(1)


def test_sure_readings_of_one_digit_score_one() -> None:
    assert digit_score(np.eye(10)[np.full(50, 3)]) == pytest.approx(1)


def test_two_classes_read_at_ninety_percent_score_1_445() -> None:
    assert digit_score(np.array([[0.9, 0.1], [0.1, 0.9]])) == pytest.approx(1.8**0.9 * 0.2**0.1)


def test_a_missing_digit_costs_a_tenth() -> None:
    assert digit_score(np.eye(10)[np.arange(180) % 9]) == pytest.approx(9)


def test_readings_that_sum_to_one_but_for_rounding_are_taken_as_distributions() -> None:
    rounded = np.full((50, 10), 0.1) * np.linspace(0.9995, 1.0005, 50)[:, np.newaxis]
    assert digit_score(rounded) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    "probabilities", [np.zeros((0, 10)), np.ones((3, 10)), np.array([[1.5, -0.5]]), np.full((1, 10), np.nan)]
)
def test_what_is_no_distribution_is_refused(probabilities: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="each row a distribution. Received"):
        digit_score(probabilities)
