"""Simple codes: what principal components and linear decoders bring back."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.evaluation.baselines import linear_decoder_errors, pca_errors, pixel_errors


def on_a_plane(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Images that are two directions in different strengths, but for rounding, and the strengths."""
    draw = np.random.default_rng(1)
    directions = draw.uniform(0, 100, (2, 28, 28))
    strengths = np.random.default_rng(seed).uniform(0, 1, (count, 2))
    return np.rint(np.tensordot(strengths, directions, axes=1)).astype(np.uint8), strengths


TRAIN, CODES = on_a_plane(200, 2)
TEST, TEST_CODES = on_a_plane(100, 3)
ROUNDING = (0.5 / 255) ** 2


def test_two_components_bring_back_what_varies_in_two_directions_and_one_does_not() -> None:
    assert pca_errors(TRAIN, TEST, size=2)["mse"] < ROUNDING
    assert pca_errors(TRAIN, TEST, size=1)["mse"] > 50 * ROUNDING


def test_components_are_found_on_the_training_images_alone() -> None:
    other = np.random.default_rng(4).integers(0, 256, TEST.shape, np.uint8)
    assert pca_errors(TRAIN, other, size=2)["mse"] > 0.05
    assert pca_errors(other, other, size=2)["mse"] < pca_errors(TRAIN, other, size=2)["mse"]


def test_more_components_than_images_are_as_many_as_there_are_images() -> None:
    assert pca_errors(TRAIN[:5], TRAIN[:5], size=64)["mse"] == pytest.approx(0, abs=1e-9)


def test_a_linear_decoder_brings_back_images_that_are_linear_in_their_codes() -> None:
    assert linear_decoder_errors(TRAIN, CODES, TEST, TEST_CODES)["mse"] < ROUNDING
    assert linear_decoder_errors(TRAIN, 3 * CODES - 7, TEST, 3 * TEST_CODES - 7)["mse"] < ROUNDING


def test_of_codes_that_say_nothing_the_best_decoder_gives_the_mean_image() -> None:
    silent = linear_decoder_errors(TRAIN, np.zeros((200, 3)), TEST, np.zeros((100, 3)))
    mean = (TRAIN / 255).mean(axis=0)
    assert silent["mse"] == pytest.approx(np.mean((TEST / 255 - mean) ** 2), rel=1e-6)


def test_errors_of_known_pixels() -> None:
    errors = pixel_errors(np.array([0.0, 1.0, 0.5]), np.array([0.5, 0.5, 0.5]))
    assert errors["mse"] == pytest.approx(0.5 / 3)
    assert errors["bce"] == pytest.approx(np.log(2))


def test_a_reconstruction_beyond_paper_and_ink_counts_as_paper_and_ink() -> None:
    errors = pixel_errors(np.array([0.0, 1.0]), np.array([-0.3, 1.2]))
    assert errors["mse"] == 0
    assert errors["bce"] == pytest.approx(-np.log1p(-0.5 / 255))


def test_paper_where_there_is_ink_costs_no_more_than_half_a_grey_level_does() -> None:
    assert pixel_errors(np.ones(1), np.zeros(1))["bce"] == pytest.approx(np.log(510))
