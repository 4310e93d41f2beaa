"""Transposed convolutions written so that two cores without a graphics card take less time for them.

oneDNN computes a transposed convolution as the gradient of a convolution. Where few maps come out, or where few places
go in, that keeps the cores far below the rate at which they multiply matrices; docs/performance.md has the figures.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.models.precision import FULL

WINDOW = 5
FEW_FILTERS = 4
POINTS = (0, 1, -1, 2, -2, 1j, -1j)

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


def by_toom_cook(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Applies a transposed convolution of stride 1, `valid`, whose result is 7×7: as 61 products of matrices.

    Maps and kernel are taken for polynomials in two unknowns, whose product the result is. They are evaluated at 7
    points of each unknown, multiplied there, and the product is found from its values (Toom 1963, Cook 1966; for
    networks Lavin & Gray 2015, arXiv 1509.09308). Two of the points are complex (Meng & Brothers 2019, arXiv
    1901.01965), which keeps the rounding near that of the plain sum. A 3×3 map and a 5×5 window take 225 products of
    numbers the plain way.

    Args:
        maps: `(n, height, width, inputs)`.
        kernel: `(rows, columns, outputs, inputs)`, as Keras' Conv2DTranspose keeps it; height + rows - 1 and
            width + columns - 1 are 7.

    Returns:
        `(n, 7, 7, outputs)`.
    """
    compute: Any = tf.custom_gradient(_by_toom_cook)
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
    sides = {side + rows - 1 for side, rows in zip((height, width), layer.kernel_size, strict=True)}
    if shape == ((1, 1), "valid", (1, 1), None) and sides == {len(POINTS)}:
        return QuickConv2DTranspose(layer, by_toom_cook)
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


def _by_toom_cook(maps: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Gradients]:
    height, width, inputs = maps.shape[1:]
    rows, columns, outputs, _ = kernel.shape
    of_maps, of_kernel, of_result = _bilinear((height, width), (rows, columns))
    products = len(of_maps)

    def evaluated(matrix: NDArray[np.float32], values: tf.Tensor, *shape: int) -> tf.Tensor:
        return tf.reshape(tf.matmul(matrix, tf.reshape(values, (matrix.shape[1], -1))), (products, *shape))

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        slopes = evaluated(of_result.T, _places_first(upstream), -1, outputs)
        to_maps = tf.matmul(of_maps.T, tf.reshape(tf.matmul(slopes, taps), (products, -1)))
        to_kernel = tf.matmul(of_kernel.T, tf.reshape(tf.matmul(slopes, sources, transpose_a=True), (products, -1)))
        return (
            _images_first(tf.reshape(to_maps, (height, width, -1, inputs))),
            tf.reshape(to_kernel, (rows, columns, outputs, inputs)),
        )

    sources = evaluated(of_maps, _places_first(maps), -1, inputs)
    taps = evaluated(of_kernel, kernel, outputs, inputs)
    result = tf.matmul(of_result, tf.reshape(tf.matmul(sources, taps, transpose_b=True), (products, -1)))
    return _images_first(tf.reshape(result, (len(POINTS), len(POINTS), -1, outputs))), gradients


def _places_first(maps: tf.Tensor) -> tf.Tensor:
    return tf.transpose(maps, (1, 2, 0, 3))


def _images_first(maps: tf.Tensor) -> tf.Tensor:
    return tf.transpose(maps, (2, 0, 1, 3))


@cache
def _bilinear(
    sides: tuple[int, int], window: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Gives what turns places, taps and products into factors, factors and places: `(61, 9)`, `(61, 25)`, `(49, 61)`.

    Values at conjugate points are conjugate, so that one of two is left out; two complex numbers are multiplied by
    three real products (Gauss).
    """
    mirrored = np.array([POINTS.index(np.conj(point)) for point in POINTS])
    number = np.arange(len(POINTS) ** 2)
    mirror = (mirrored[:, np.newaxis] * len(POINTS) + mirrored).ravel()
    real, pair = number == mirror, number < mirror
    maps, kernel = (np.kron(_powers(size[0]), _powers(size[1])) for size in (sides, window))
    result = np.kron(*[np.linalg.inv(_powers(len(POINTS)))] * 2)
    a, b, c, d = maps[pair].real, maps[pair].imag, kernel[pair].real, kernel[pair].imag
    to_real, to_imaginary = 2 * result[:, pair].real, -2 * result[:, pair].imag
    return (
        np.concatenate([maps[real].real, a + b, a, b]).astype(np.float32),
        np.concatenate([kernel[real].real, c, d - c, c + d]).astype(np.float32),
        np.concatenate([result[:, real].real, to_real + to_imaginary, to_imaginary, -to_real], 1).astype(np.float32),
    )


def _powers(count: int) -> NDArray[np.complex128]:
    """Gives 1, t, t² and so on of every point t, a row each."""
    return np.vander(np.array(POINTS, np.complex128), count, increasing=True)
