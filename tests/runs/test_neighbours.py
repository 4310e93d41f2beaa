"""Digits laid beside their nearest training images."""

import numpy as np
import pytest

from pipeline.data.dataset import Images, Splits
from pipeline.runs.neighbours import draw_neighbours
from pipeline.training.family import Generated
from tests.judges import draw_kinds

pytestmark = pytest.mark.slow

TRAIN, VALIDATION, TEST = (Images(*draw_kinds(seed, count)) for seed, count in ((1, 60), (2, 20), (3, 30)))
SPLITS = Splits(TRAIN, VALIDATION, TEST)


def as_generated(images: Images) -> Generated:
    scaled = images.images[..., np.newaxis].astype(np.float32) / 127.5 - 1
    return Generated(scaled, images.labels.astype(np.int32))


def test_a_copy_of_a_training_or_a_validation_image_is_beside_its_original() -> None:
    for copied in (TRAIN, VALIDATION):
        generated, real = draw_neighbours(as_generated(copied), SPLITS, rows=2).blocks
        assert generated.shape == real.shape == (2, 20, 28, 28)
        np.testing.assert_allclose(generated[:, 0::2], generated[:, 1::2], atol=1e-6)
        assert not np.allclose(real[:, 0::2], real[:, 1::2], atol=0.1)


def test_each_class_has_a_pair_of_columns_which_begins_with_the_digit() -> None:
    _, real = draw_neighbours(as_generated(TRAIN), SPLITS, rows=3).blocks
    for digit in range(10):
        shown = (real[:, 2 * digit] + 1) * 127.5
        np.testing.assert_allclose(shown, TEST.images[TEST.labels == digit][:3], atol=1e-3)


def test_digits_that_were_not_asked_for_keep_their_order() -> None:
    images = as_generated(TRAIN).images
    generated, _ = draw_neighbours(Generated(images, None), SPLITS, rows=2).blocks
    np.testing.assert_allclose(generated[0, 0::2], images[:10, ..., 0], atol=1e-6)
    np.testing.assert_allclose(generated[1, 0::2], images[10:20, ..., 0], atol=1e-6)


def test_there_are_no_more_rows_than_the_rarest_class_has_digits() -> None:
    generated, real = draw_neighbours(as_generated(VALIDATION), SPLITS).blocks
    assert generated.shape[0] == real.shape[0] == 2
