"""The generated digits furthest from real ones, and the real ones least covered, of known features."""

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.sample import Sample
from pipeline.runs.coverage import draw_uncovered


def sample_of(digits: NDArray[np.int64], places: NDArray[np.float64]) -> Sample:
    """Digits whose features are places on a line; the grey of an image is its number."""
    greys = np.arange(len(digits), dtype=np.uint8)
    images = np.broadcast_to(greys[:, np.newaxis, np.newaxis], (len(digits), 28, 28))
    return Sample(images, digits, np.full((len(digits), 10), 0.1), places[:, np.newaxis])


def shown(block: NDArray[np.float32]) -> NDArray[np.int64]:
    """The numbers of the images in a block; a blank has the number 0."""
    numbers: NDArray[np.int64] = np.rint((block[:, :, 14, 14] + 1) * 127.5).astype(np.int64)
    return numbers


def test_each_class_shows_its_ten_digits_furthest_from_any_real_one_worst_first() -> None:
    digits = np.array([0] + [3] * 12 + [7] * 2)
    places = np.array([0.0] + [0.1 * number for number in range(12)] + [2.0, -3.0])
    real = sample_of(np.zeros(12, np.int64), np.linspace(-0.01, 0.01, 12))
    rows = shown(draw_uncovered(sample_of(digits, places), real, classes=10).blocks[0])
    np.testing.assert_array_equal(rows[3], np.arange(12, 2, -1))
    np.testing.assert_array_equal(rows[7], [14, 13, 0, 0, 0, 0, 0, 0, 0, 0])
    assert not rows[[0, 1, 2, 4, 5, 6, 8, 9]].any()


def test_a_real_digit_is_ranked_by_its_distance_in_radii_of_its_neighbourhood() -> None:
    dense, sparse = np.arange(8) * 0.01, 10 + np.arange(8) * 1.0
    real = sample_of(np.repeat([1, 1], 8), np.concatenate([dense, sparse]))
    # One is 0.13 or more from the dense ones, whose radii are 0.03 to 0.05; one is 0.5 to 3.5 from the sparse ones,
    # whose radii are 3 to 5.
    generated = sample_of(np.array([1, 1]), np.array([-0.13, 13.5]))
    least_covered = shown(draw_uncovered(generated, real, classes=10).blocks[1])[1]
    assert set(least_covered[:8]) == set(range(8))


def test_blocks_are_ten_classes_by_ten_digits() -> None:
    digits = np.repeat(np.arange(10), 12)
    some = sample_of(digits, np.random.default_rng(0).normal(size=120))
    picture = draw_uncovered(some, some, classes=10)
    assert [block.shape for block in picture.blocks] == [(10, 10, 28, 28)] * 2
    assert len(picture.headings) == 2
