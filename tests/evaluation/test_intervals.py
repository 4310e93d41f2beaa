import numpy as np
import pytest

from pipeline.evaluation.intervals import estimate


def test_one_two_three_have_the_interval_of_the_tables() -> None:
    found = estimate([1.0, 2.0, 3.0])
    assert (found.mean, found.seeds) == (2, 3)
    assert found.margin == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)
    assert found.interval == pytest.approx((-0.484138, 4.484138), rel=1e-5)


def test_a_lower_confidence_has_a_narrower_interval() -> None:
    assert estimate([1.0, 2, 3, 4, 5], confidence=0.9).margin == pytest.approx(2.131847 * np.sqrt(2.5 / 5), rel=1e-6)


@pytest.mark.parametrize("values", [[0.5], [0.25, 0.75]])
def test_fewer_than_three_seeds_have_a_mean_and_no_interval(values: list[float]) -> None:
    found = estimate(values)
    assert (found.mean, found.margin, found.interval, found.seeds) == (0.5, None, None, len(values))


def test_equal_figures_have_an_interval_of_no_width() -> None:
    assert estimate([0.3] * 4).interval == pytest.approx((0.3, 0.3))


def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    draws = np.random.default_rng(0).normal(7, 3, (2000, 3))
    intervals = [estimate(row).interval or (0.0, 0.0) for row in draws.tolist()]
    assert np.mean([low <= 7 <= high for low, high in intervals]) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(("values", "confidence"), [([], 0.95), ([1.0], 0.0), ([1.0], 1.0)])
def test_no_figures_and_no_confidence_are_refused(values: list[float], confidence: float) -> None:
    with pytest.raises(ValueError, match="one at least, and `confidence` above 0 and below 1. Received"):
        estimate(values, confidence=confidence)
