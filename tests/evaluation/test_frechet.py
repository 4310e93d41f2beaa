import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from pipeline.evaluation.frechet import FeatureScale, frechet_by_digit, frechet_distance

Array = NDArray[np.float64]


def draw_exactly(mean: Array, covariance: Array, *, seed: int, count: int = 200) -> Array:
    """Points whose sample mean and sample covariance are the given ones, not only on average."""
    points = np.random.default_rng(seed).normal(size=(count, len(mean)))
    whole, _ = np.linalg.qr(points - points.mean(axis=0))
    exact: Array = whole * np.sqrt(count - 1) @ np.linalg.cholesky(covariance).T + mean
    return exact


def test_equal_spreads_are_as_far_apart_as_their_means() -> None:
    spread = np.diag([1.0, 4.0, 0.25])
    first, second = draw_exactly(np.zeros(3), spread, seed=0), draw_exactly(np.array([1.0, 2, 2]), spread, seed=1)
    assert frechet_distance(first, second) == pytest.approx(9)


def test_independent_features_differ_by_their_standard_deviations() -> None:
    first = draw_exactly(np.zeros(3), np.diag([1.0, 4, 9]), seed=0)
    second = draw_exactly(np.zeros(3), np.diag([4.0, 4, 1]), seed=1)
    assert frechet_distance(first, second) == pytest.approx((1 - 2) ** 2 + 0 + (3 - 1) ** 2)


def test_two_by_two_covariances_that_do_not_commute_have_a_closed_form() -> None:
    one, other = np.array([[2.0, 1], [1, 3]]), np.array([[5.0, -2], [-2, 1]])
    root_trace = np.sqrt(np.trace(one @ other) + 2 * np.sqrt(np.linalg.det(one @ other)))
    first, second = draw_exactly(np.zeros(2), one, seed=0), draw_exactly(np.ones(2), other, seed=1)
    assert frechet_distance(first, second) == pytest.approx(2 + 5 + 6 - 2 * root_trace)


def test_64_correlated_features_agree_with_the_matrix_square_root_of_the_definition() -> None:
    random = np.random.default_rng(0)
    first, second = (random.normal(size=(500, 64)) @ random.normal(size=(64, 64)) for _ in range(2))
    one, other = np.cov(first.T), np.cov(second.T)
    means = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    expected = means + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_covariances_of_rank_one_have_a_closed_form_too() -> None:
    first, second = np.zeros((2, 64)), np.zeros((2, 64))
    first[:, 0], second[:, :2] = [3, -3], [[1, 1], [-1, -1]]
    assert frechet_distance(first, second) == pytest.approx(2 * 9 + 2 * 2 - 2 * 2 * 3)


def test_a_sample_is_at_no_distance_from_itself_and_never_below() -> None:
    points = np.random.default_rng(0).normal(5, 3, (300, 64)).astype(np.float32)
    assert 0 <= frechet_distance(points, points) < 1e-9
    assert 0 <= frechet_distance(points[:20], points[:20]) < 1e-9


def test_the_distance_is_the_same_both_ways() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(size=(100, 8)), random.normal(1, 2, (150, 8))
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first))


def test_single_precision_features_far_from_zero_lose_nothing() -> None:
    random = np.random.default_rng(0)
    first, second = (random.integers(0, 8, (400, 16)).astype(np.float32) for _ in range(2))
    near = frechet_distance(first, second)
    assert frechet_distance(first + 1e5, second + 1e5) == pytest.approx(near, rel=1e-6)


@pytest.mark.parametrize(("first", "second"), [((1, 3), (5, 3)), ((5, 3), (1, 3)), ((5, 3), (5, 4))])
def test_samples_that_cannot_be_compared_are_refused(first: tuple[int, int], second: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="two points or more each, and of one d. Received"):
        frechet_distance(np.zeros(first), np.zeros(second))


def test_within_a_digit_only_its_own_points_count() -> None:
    spread = np.eye(2)
    first = [draw_exactly(np.full(2, 10.0 * digit), spread, seed=digit) for digit in (0, 1)]
    second = [draw_exactly(np.full(2, 10.0 * digit + digit), spread, seed=9 + digit) for digit in (0, 1)]
    digits = np.repeat([0, 1], 200)
    distances = frechet_by_digit(np.concatenate(first), digits, np.concatenate(second), digits)
    np.testing.assert_allclose(distances[:2], [0, 2], atol=1e-9)
    assert np.isnan(distances[2:]).all()


def test_a_digit_with_a_single_point_has_no_distance() -> None:
    points = np.random.default_rng(0).normal(size=(5, 2))
    distances = frechet_by_digit(points, np.array([0, 0, 1, 1, 1]), points, np.array([0, 1, 1, 1, 1]))
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(distances)), [1])


def test_training_features_vary_by_a_hundred_in_total_after_scaling() -> None:
    features = np.random.default_rng(0).normal(2, [1, 5, 0.1], (1000, 3)).astype(np.float32)
    scaled = FeatureScale.fit(features).apply(features)
    assert scaled.dtype == np.float32
    assert scaled.var(axis=0, ddof=1).sum() == pytest.approx(100, rel=1e-5)


def test_two_judges_that_differ_by_a_factor_give_the_same_figure() -> None:
    random = np.random.default_rng(0)
    training, generated = random.normal(size=(500, 8)), random.normal(0.3, 1.2, (500, 8))
    figures = []
    for factor in (1.0, 37.0):
        scale = FeatureScale.fit(factor * training)
        figures.append(frechet_distance(scale.apply(factor * training), scale.apply(factor * generated)))
    assert figures[0] == pytest.approx(figures[1], rel=1e-5)


@pytest.mark.parametrize("features", [np.ones((5, 3)), np.ones((1, 3)), np.full((5, 3), np.nan)])
def test_features_that_do_not_vary_have_no_scale(features: Array) -> None:
    with pytest.raises(ValueError, match="must vary, and be finite. Received: a total variance of"):
        FeatureScale.fit(features)
