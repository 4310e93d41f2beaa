"""Transposed convolutions written so that two cores without a graphics card take less time for them.

oneDNN computes a transposed convolution as the gradient of a convolution. Where few maps come out, or where few places
go in, that keeps the cores far below the rate at which they multiply matrices; docs/performance.md has the figures.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.models.precision import FULL

WINDOW = 5
FEW_FILTERS = 4
FEW_PLACES = 16

Gradients = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def quicken(model: keras.Model) -> keras.Model:
    """Gives a model over the very layers of another, whose transposed convolutions take less time where they can.

    Args:
        model: A functional model.

    Returns:
        A functional model with the same variables. Its outputs differ from the model's by float32's rounding alone.
    """
    return keras.models.clone_model(model, clone_function=_quickened)


def by_phases(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Doubles maps by a 5×5 transposed convolution of stride 2, `same`: a 3×3 convolution to four maps for each one.

    Each of the four holds the pixels whose row and column are even or odd (Shi et al. 2016, arXiv 1609.05158). Its
    gradients are the plain ones, which are quick enough.

    Args:
        maps: `(n, height, width, inputs)`.
        kernel: `(5, 5, outputs, inputs)`, as Keras' Conv2DTranspose keeps it.

    Returns:
        `(n, 2 height, 2 width, outputs)`.
    """
    compute: Any = tf.custom_gradient(_by_phases)
    return compute(maps, kernel)


def by_matrix(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Applies a transposed convolution of stride 1, `valid`: one product of matrices, whose windows are then added up.

    Args:
        maps: `(n, height, width, inputs)`, of few places; each costs a copy of a window.
        kernel: `(rows, columns, outputs, inputs)`, as Keras' Conv2DTranspose keeps it.

    Returns:
        `(n, height + rows - 1, width + columns - 1, outputs)`.
    """
    compute: Any = tf.custom_gradient(_by_matrix)
    return compute(maps, kernel)


class QuickConv2DTranspose(keras.layers.Layer):
    """Calls another layer's convolution by other means; bias and activation stay that layer's.

    Args:
        layer: A built Conv2DTranspose.
        compute: From maps and kernel to maps.
    """

    def __init__(self, layer: keras.layers.Layer, compute: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> None:
        super().__init__(name=layer.name, trainable=layer.trainable, dtype=layer.dtype_policy)
        self.layer = layer
        self.compute = compute

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Gives what the layer would give."""
        maps = tf.nn.bias_add(self.compute(inputs, self.layer.kernel.value), self.layer.bias.value)
        return self.layer.activation(maps)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Gives the layer's own."""
        shape: tuple[int | None, ...] = self.layer.compute_output_shape(input_shape)
        return shape


def _quickened(layer: keras.layers.Layer) -> keras.layers.Layer:
    if not isinstance(layer, keras.layers.Conv2DTranspose) or not layer.use_bias or layer.compute_dtype != FULL:
        return layer
    _, height, width, _ = layer.input.shape
    shape = (layer.strides, layer.padding, layer.dilation_rate, layer.output_padding)
    if shape == ((2, 2), "same", (1, 1), None) and layer.kernel_size == (WINDOW, WINDOW):
        return QuickConv2DTranspose(layer, by_phases) if layer.filters <= FEW_FILTERS else layer
    if shape == ((1, 1), "valid", (1, 1), None) and height * width <= FEW_PLACES:
        return QuickConv2DTranspose(layer, by_matrix)
    return layer


def _by_phases(maps: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Gradients]:
    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return (
            tf.nn.conv2d(upstream, kernel, strides=2, padding="SAME"),
            tf.raw_ops.Conv2DBackpropFilter(
                input=upstream,
                filter_sizes=kernel.shape,
                out_backprop=maps,
                strides=[1, 2, 2, 1],
                padding="SAME",
            ),
        )

    phases = tf.nn.conv2d(maps, _kernel_of_phases(kernel), strides=1, padding="SAME")
    return tf.nn.depth_to_space(phases, 2), gradients


def _kernel_of_phases(kernel: tf.Tensor) -> tf.Tensor:
    """Sorts a 5×5 kernel's weights by where they lie from a pixel's source: `(3, 3, inputs, 4 outputs)`."""
    _, _, outputs, inputs = kernel.shape
    padded = tf.pad(kernel, [[0, 1], [0, 1], [0, 0], [0, 0]])
    taps = np.array([[odd + 1 - 2 * distance for odd in (0, 1)] for distance in (-1, 0, 1)])
    taps[(taps < 0) | (taps >= WINDOW)] = WINDOW
    sorted_by_place = tf.gather(tf.gather(padded, taps, axis=0), taps, axis=2)
    return tf.reshape(tf.transpose(sorted_by_place, (0, 2, 5, 1, 3, 4)), (3, 3, inputs, 4 * outputs))


def _by_matrix(maps: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Gradients]:
    height, width = maps.shape[1:3]
    rows, columns, outputs, inputs = kernel.shape
    matrix = tf.reshape(kernel, (-1, inputs))

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        places = [(row, column) for row in range(height) for column in range(width)]
        windows = tf.concat([upstream[:, row : row + rows, column : column + columns] for row, column in places], 0)
        sources = tf.reshape(tf.transpose(maps, (1, 2, 0, 3)), (-1, inputs))
        product = tf.matmul(tf.reshape(windows, (-1, matrix.shape[0])), sources, transpose_a=True)
        return tf.nn.conv2d(upstream, kernel, strides=1, padding="VALID"), tf.reshape(product, kernel.shape)

    windows = tf.matmul(tf.reshape(maps, (-1, inputs)), matrix, transpose_b=True)
    windows = tf.reshape(windows, (-1, height, width, rows, columns, outputs))
    wide = tf.add_n([_shifted(windows[:, :, place], axis=3, by=place, room=width - 1) for place in range(width)])
    return tf.add_n([_shifted(wide[:, place], axis=1, by=place, room=height - 1) for place in range(height)]), gradients


def _shifted(windows: tf.Tensor, *, axis: int, by: int, room: int) -> tf.Tensor:
    sides = [[0, 0]] * len(windows.shape)
    sides[axis] = [by, room - by]
    return tf.pad(windows, sides)
