"""Tests of convolutions as dense products against the plain ones."""

from functools import partial

import keras
import pytest
import tensorflow as tf
from keras import layers

from pipeline.kernels.accelerate import FastConvolution, accelerate
from pipeline.kernels.convolution.dense import Padding, convolve_densely, convolve_transposed_densely, covers
from tests.kernels.samples import assert_plain, draw

Window = tuple[int, int]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("sides", "window"), [((4, 4), (5, 5)), ((2, 3), (5, 4)), ((1, 1), (3, 3)), ((5, 4), (2, 3))])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (3, 3)])
def test_a_dense_convolution_and_its_gradients_are_the_plain_ones(
    sides: Window, window: Window, strides: Window, padding: Padding
) -> None:
    if padding == "valid" and (sides[0] < window[0] or sides[1] < window[1]):
        sides = window
    assert_plain(
        partial(convolve_densely, strides=strides, padding=padding),
        partial(tf.nn.conv2d, strides=strides, padding=padding.upper()),
        draw(3, *sides, 4),
        draw(*window, 4, 6, seed=2),
    )


@pytest.mark.parametrize(("sides", "window"), [((2, 2), (5, 5)), ((1, 1), (5, 5)), ((1, 2), (4, 3)), ((3, 2), (2, 2))])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_dense_transposed_convolution_and_its_gradients_are_the_plain_ones(
    sides: Window, window: Window, stride: int
) -> None:
    def plain(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d_transpose(maps, kernel, (3, stride * sides[0], stride * sides[1], 6), stride, "SAME")

    assert_plain(
        partial(convolve_transposed_densely, strides=(stride, stride)), plain, draw(3, *sides, 4), draw(*window, 6, 4)
    )


def test_a_window_covers_a_map_of_as_many_places() -> None:
    assert covers((5, 5), (5, 5))
    assert covers((3, 3), (1, 9))
    assert not covers((3, 3), (3, 4))


@pytest.mark.parametrize(
    ("side", "layer", "is_dense"),
    [
        (4, layers.Conv2D(3, 5, strides=2, padding="same"), True),
        (4, layers.Conv2D(3, 5, padding="same", use_bias=False), True),
        (8, layers.Conv2D(3, 5, strides=2, padding="same"), False),
        (2, layers.Conv2DTranspose(3, 5, strides=2, padding="same"), True),
        (4, layers.Conv2DTranspose(8, 5, strides=2, padding="same"), False),
    ],
)
def test_layers_whose_window_covers_their_map_take_it(side: int, layer: keras.layers.Layer, *, is_dense: bool) -> None:
    image = keras.Input((side, side, 2))
    fast = accelerate(keras.Model(image, layer(image))).layers[-1]
    dense = isinstance(fast, FastConvolution) and "dense" in getattr(fast.compute, "func", fast.compute).__module__
    assert dense == is_dense
