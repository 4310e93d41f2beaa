import tracemalloc
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prdc import compute_prdc

from pipeline.evaluation import distances
from pipeline.evaluation.coverage import (
    Coverage,
    Manifold,
    coverage_alone,
    coverage_gaps,
    measure_coverage,
    nearest_distances,
    nth_smallest,
)


def measured(generated: NDArray[Any], real: NDArray[Any], neighbours: int = 5) -> Coverage:
    return measure_coverage(Manifold.fit(generated, neighbours), Manifold.fit(real, neighbours))


def counted(generated: NDArray[np.int64], real: NDArray[np.int64], neighbours: int) -> Coverage:
    """The definitions, word for word, in whole numbers that do not round."""

    def squared(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
        array: NDArray[np.int64] = np.square(rows[:, None] - columns).sum(axis=2)
        return array

    real_radii, generated_radii = (np.sort(squared(x, x), axis=1)[:, neighbours] for x in (real, generated))
    between = squared(real, generated)
    inside = between < real_radii[:, None]
    return Coverage(
        precision=inside.any(axis=0).mean(),
        recall=(between < generated_radii).any(axis=1).mean(),
        density=inside.sum(axis=0).mean() / neighbours,
        coverage=inside.any(axis=1).mean(),
    )


@pytest.mark.parametrize(
    ("mean", "deviation", "count", "neighbours"),
    [(0.0, 1.0, 700, 5), (0.2, 0.6, 700, 5), (0.1, 1.3, 500, 3), (3.0, 1.0, 700, 5), (0.0, 0.2, 1000, 1)],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_all_four_equal_those_of_their_authors(
    mean: float, deviation: float, count: int, neighbours: int, kind: Any
) -> None:
    random = np.random.default_rng(0)
    real = random.normal(size=(700, 16)).astype(kind)
    generated = random.normal(mean, deviation, (count, 16)).astype(kind)
    theirs = compute_prdc(real_features=real, fake_features=generated, nearest_k=neighbours)
    np.testing.assert_allclose(
        astuple(measured(generated, real, neighbours)),
        [theirs[name] for name in ("precision", "recall", "density", "coverage")],
        atol=1e-6,
    )


def test_points_on_a_line_give_what_is_counted_by_hand() -> None:
    real = np.array([[0.0], [1], [2], [10]])
    generated = np.array([[0.5], [1.5], [30]])
    assert measured(generated, real, 1) == Coverage(precision=2 / 3, recall=1.0, density=4 / 3, coverage=3 / 4)


@pytest.mark.parametrize("unit", [1.0, 0.1, 1 / 3])
def test_points_on_a_lattice_are_on_an_edge_and_not_inside_whatever_rounding_does(unit: float) -> None:
    random = np.random.default_rng(0)
    real, generated = random.integers(0, 3, (300, 6)), random.integers(0, 4, (250, 6))
    ours = measured(generated * unit + 5, real * unit + 5)
    assert astuple(ours) == pytest.approx(astuple(counted(generated, real, 5)), abs=1e-12)


def test_real_points_against_themselves_score_exactly_one() -> None:
    points = np.random.default_rng(0).normal(1, 3, (2000, 64)).astype(np.float32)
    assert measured(points, points) == Coverage(precision=1.0, recall=1.0, density=1.0, coverage=1.0)


def test_one_good_image_over_and_over_is_precise_but_recalls_nothing() -> None:
    real = np.random.default_rng(0).normal(size=(500, 16))
    nearest_to_the_middle = np.square(real).sum(axis=1).argmin()
    collapsed = measured(np.repeat(real[[nearest_to_the_middle]], 300, axis=0), real)
    assert collapsed.precision == 1
    assert collapsed.recall == 0
    assert collapsed.coverage < 0.5 < collapsed.density


def test_half_of_the_kinds_of_points_cover_half() -> None:
    random = np.random.default_rng(0)
    kinds = 100.0 * np.eye(10)[np.arange(1000) % 10]
    real = kinds + random.normal(size=(1000, 10))
    all_kinds = kinds + random.normal(size=(1000, 10))
    half = measured(all_kinds[np.arange(1000) % 10 < 5], real)
    assert half.coverage == pytest.approx(0.5, abs=0.03)
    assert half.precision == pytest.approx(measured(all_kinds, real).precision, abs=0.03)


def test_coverage_alone_is_the_coverage_of_all_four() -> None:
    random = np.random.default_rng(0)
    real, generated = random.normal(size=(600, 16)), random.normal(0.1, 0.8, (400, 16)).astype(np.float32)
    assert coverage_alone(generated, Manifold.fit(real)) == measured(generated, real).coverage


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    real, generated = random.normal(size=(300, 16)), random.normal(0.1, 0.8, (200, 16))
    at_once = measured(generated, real)
    monkeypatch.setattr(distances, "BLOCK_BYTES", 7 * 300 * 8)
    assert measured(generated, real) == at_once


@pytest.mark.slow
def test_the_memory_that_is_needed_does_not_hold_all_pairs() -> None:
    points = np.random.default_rng(0).normal(size=(4000, 64))
    tracemalloc.start()
    try:
        measured(points, points)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4000 * 4000 * 8 / 2


@pytest.mark.parametrize("neighbours", [0, 5])
def test_too_few_points_and_no_neighbours_are_refused(neighbours: int) -> None:
    with pytest.raises(ValueError, match="`neighbours` must be 1 to 4, below the points. Received"):
        Manifold.fit(np.zeros((5, 2)), neighbours)


def test_neighbourhoods_of_different_sizes_are_not_compared() -> None:
    points = np.random.default_rng(0).normal(size=(10, 2))
    with pytest.raises(ValueError, match="as many neighbours. Received: 5 and 3"):
        measure_coverage(Manifold.fit(points, 5), Manifold.fit(points, 3))


def test_the_nearest_of_some_points_are_found_by_hand() -> None:
    points, others = np.array([[0.0, 0], [3, 4], [-1, 0]]), np.array([[0.0, 0], [3, 0]])
    np.testing.assert_allclose(nearest_distances(points, others), [0, 4, 1], atol=1e-6)


def test_gaps_are_in_radii_and_coverage_is_the_share_below_one() -> None:
    real = Manifold.fit(np.array([[0.0], [1], [2], [10]]), 1)
    gaps = coverage_gaps(np.array([[0.5], [26.0]]), real)
    np.testing.assert_allclose(gaps, [0.5, 0.5, 1.5, 9.5 / 8], rtol=1e-6)
    assert coverage_alone(np.array([[0.5], [26.0]]), real) == (gaps < 1).mean()


def test_a_copy_among_real_points_has_no_neighbourhood_and_an_infinite_gap() -> None:
    real = Manifold.fit(np.array([[1.0], [1], [5]]), 1)
    assert np.isinf(coverage_gaps(np.array([[1.0]]), real)[:2]).all()


@pytest.mark.parametrize("columns", [6, 31, 32, 191, 192, 1000])
@pytest.mark.parametrize("number", [0, 1, 5])
def test_the_nth_smallest_is_that_of_the_whole_row_sorted(columns: int, number: int) -> None:
    random = np.random.default_rng(columns)
    for rows in (random.normal(size=(50, columns)), random.integers(4, size=(50, columns)).astype(np.float64)):
        expected = np.sort(rows, axis=1)[:, number]
        np.testing.assert_array_equal(nth_smallest(rows, number), expected)
