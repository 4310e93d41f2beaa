"""Tests of the sub-pixel convolution against the plain transposed one."""

import pytest
import tensorflow as tf

from pipeline.kernels.convolution.subpixel import double_by_subpixel
from tests.kernels.samples import assert_plain, draw


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("sides", [(3, 3), (7, 4), (1, 2)])
def test_a_subpixel_convolution_and_its_gradients_are_the_plain_ones(sides: tuple[int, int], outputs: int) -> None:
    def plain(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        doubled = (2, 2 * sides[0], 2 * sides[1], outputs)
        return tf.nn.conv2d_transpose(maps, kernel, doubled, 2, "SAME")

    assert_plain(double_by_subpixel, plain, draw(2, *sides, 6), draw(5, 5, outputs, 6, seed=2))
