import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.evaluation.diversity import ssim, ssim_by_digit
from tests.evaluation.samples import draw_images

ROW, COLUMN = np.mgrid[:28, :28]
RAMP = ((7 * ROW + 3 * COLUMN) % 256).astype(np.uint8)
PRODUCTS = ((5 * ROW * COLUMN + ROW) % 256).astype(np.uint8)
DIMMED = (RAMP // 2 + 40).astype(np.uint8)


@pytest.mark.parametrize(
    ("first", "second", "scikit_image"),
    [
        (RAMP, PRODUCTS, 0.010313891392471285),
        (RAMP, DIMMED, 0.8292289725922685),
        (PRODUCTS, DIMMED, 0.0114188540120025),
    ],
)
def test_ssim_equals_that_of_scikit_image_set_as_by_its_authors(
    first: NDArray[np.uint8], second: NDArray[np.uint8], scikit_image: float
) -> None:
    # structural_similarity(..., data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False), 0.26.0
    assert ssim(first[np.newaxis], second[np.newaxis])[0] == pytest.approx(scikit_image, abs=1e-6)


def test_an_image_is_as_similar_as_can_be_to_itself_only() -> None:
    images = draw_images(0, 50)
    np.testing.assert_allclose(ssim(images, images), 1)
    assert (ssim(images, np.roll(images, 1, axis=0)) < 0.9).all()


def test_black_and_white_are_similar_by_the_luminance_reference_alone() -> None:
    black, white = np.zeros((1, 28, 28), np.uint8), np.full((1, 28, 28), 255, np.uint8)
    assert ssim(black, white)[0] == pytest.approx(1e-4 / (1 + 1e-4))


def test_the_order_of_a_pair_does_not_matter() -> None:
    first, second = draw_images(0, 20), draw_images(1, 20)
    np.testing.assert_allclose(ssim(first, second), ssim(second, first), rtol=1e-12)


@pytest.mark.parametrize(("first", "second"), [((2, 28, 28), (3, 28, 28)), ((2, 10, 28), (2, 10, 28))])
def test_images_that_make_no_pairs_are_refused(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="of one shape, 11 pixels or more each way. Received"):
        ssim(np.zeros(first, np.uint8), np.zeros(second, np.uint8))


def test_a_class_of_one_image_over_and_over_is_as_similar_as_can_be() -> None:
    images, digits = draw_images(0, 100), np.arange(100) % 2
    images[digits == 1] = images[1]
    means = ssim_by_digit(images, digits, seed=0, pairs=50)
    assert means[1] == pytest.approx(1)
    assert means[0] < 0.5
    assert np.isnan(means[2:]).all()


def test_two_images_of_a_class_are_never_paired_with_themselves() -> None:
    images = np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)])
    assert ssim_by_digit(images, np.array([4, 4]), seed=0, pairs=30)[4] == pytest.approx(1e-4, rel=1e-3)
    assert np.isnan(ssim_by_digit(images, np.array([4, 5]), seed=0)).all()


def test_pairs_are_those_of_the_seed_and_their_mean_estimates_that_of_all_pairs() -> None:
    images, digits = draw_images(0, 40), np.zeros(40, int)
    first, second = np.triu_indices(40, 1)
    of_all = ssim(images[first], images[second]).mean()
    means = [ssim_by_digit(images, digits, seed=seed, pairs=600)[0] for seed in (0, 0, 1)]
    assert means[0] == means[1] != means[2]
    assert means == pytest.approx([of_all] * 3, abs=0.02)
