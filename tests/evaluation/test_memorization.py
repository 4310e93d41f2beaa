import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from pipeline.evaluation import distances, memorization
from pipeline.evaluation.memorization import Nearest, TrainingImages, compare_nearest
from pipeline.evaluation.pixels import unit_pixels
from tests.evaluation.samples import draw_images

TRAINING = draw_images(0, 2000)


def noise(count: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).uniform(-1, 1, (count, 28, 28))


@pytest.mark.slow
@pytest.mark.parametrize("images", [draw_images(1, 100), draw_images(2, 100, smoothness=1.5) / 127.5 - 1, noise(40)])
@pytest.mark.parametrize("pairs_an_image", [0, memorization.PAIRS_AN_IMAGE])
def test_the_nearest_image_is_that_of_a_search_through_all(
    images: NDArray[np.generic], pairs_an_image: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memorization, "PAIRS_AN_IMAGE", pairs_an_image)
    monkeypatch.setattr(distances, "BLOCK_BYTES", 30 * 2000 * 4)
    exact = cdist(unit_pixels(images).reshape(len(images), -1), TRAINING.reshape(2000, -1) / 255)
    found = TrainingImages(TRAINING).nearest(images)
    np.testing.assert_allclose(found.distances, exact.min(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found.indices, exact.argmin(axis=1))


def test_a_copy_lies_at_no_distance_from_its_original() -> None:
    found = TrainingImages(TRAINING).nearest(TRAINING[[70, 3, 1999]])
    np.testing.assert_array_equal(found.indices, [70, 3, 1999])
    np.testing.assert_array_equal(found.distances, 0)


def test_of_equal_training_images_the_first_is_the_nearest() -> None:
    found = TrainingImages(np.concatenate([TRAINING[:50]] * 3)).nearest(TRAINING[:50])
    np.testing.assert_array_equal(found.indices, np.arange(50))


def test_one_pixel_a_fifth_darker_is_a_fifth_away() -> None:
    image = TRAINING[[9]].copy()
    row, column = np.argwhere(image[0] > 51)[0]
    image[0, row, column] -= 51
    found = TrainingImages(TRAINING).nearest(image)
    assert found.indices == [9]
    assert found.distances[0] == pytest.approx(0.2)


def test_images_smaller_than_the_components_and_a_single_training_image_will_do() -> None:
    found = TrainingImages(np.zeros((1, 3, 3), np.uint8)).nearest(np.full((2, 3, 3), 255, np.uint8))
    np.testing.assert_allclose(found.distances, 3)
    np.testing.assert_array_equal(found.indices, 0)


def test_no_training_images_and_images_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="one at least"):
        TrainingImages(TRAINING[:0])
    with pytest.raises(ValueError, match="must have 784 pixels as the training images do. Received: 9"):
        TrainingImages(TRAINING[:5]).nearest(np.zeros((1, 3, 3), np.uint8))


def at(*distances: float) -> Nearest:
    return Nearest(np.array(distances), np.zeros(len(distances), np.int64))


def test_unseen_images_are_nearer_than_their_own_nearest_hundredth_once_in_a_hundred() -> None:
    unseen = at(*range(1000))
    assert compare_nearest(unseen, unseen) == {
        "quantile_1": pytest.approx(9.99),
        "quantile_10": pytest.approx(99.9),
        "median": 499.5,
        "share_nearer": 0.01,
    }


def test_a_third_of_copies_is_a_third_that_is_nearer() -> None:
    assert compare_nearest(at(0, 6, 7), at(*range(5, 105)))["share_nearer"] == pytest.approx(1 / 3)
