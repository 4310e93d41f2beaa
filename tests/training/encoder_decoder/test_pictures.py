"""Reconstructions beneath their originals."""

import numpy as np
import pytest

from pipeline.data.dataset import Images, scaled
from pipeline.training.encoder_decoder.pictures import Coder, reconstruct

BLACK = Coder(
    lambda images: np.zeros((len(images), 1), np.float32), lambda codes: np.zeros((len(codes), 2, 2), np.float32)
)


def images_of(labels: list[int]) -> Images:
    grey = np.arange(len(labels), dtype=np.uint8)
    return Images(np.tile(grey[:, np.newaxis, np.newaxis], (1, 2, 2)), np.array(labels, np.uint8))


def test_each_class_has_a_column_of_originals_over_their_reconstructions() -> None:
    grid = reconstruct(BLACK, images_of([1, 0, 0, 1]), rows=8, classes=2)
    assert grid.shape == (4, 2, 2, 2)
    np.testing.assert_allclose(grid[0::2, :, 0, 0], scaled(np.array([[1, 0], [2, 3]], np.uint8)))
    assert not grid[1::2].any()


@pytest.mark.parametrize(("labels", "shown"), [([1, 1, 1, 1, 1], [0, 1, 2]), ([2], [0, 0, 0])])
def test_where_a_class_is_missing_the_first_images_are_shown_in_order(labels: list[int], shown: list[int]) -> None:
    grid = reconstruct(BLACK, images_of(labels), rows=8, classes=3)
    assert grid.shape == (2, 3, 2, 2)
    np.testing.assert_allclose(grid[0, :, 0, 0], scaled(np.array(shown, np.uint8)))
