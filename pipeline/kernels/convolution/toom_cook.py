"""Convolutions of small maps as products of matrices, fewer than the plain sum takes.

A map and a window are the coefficients of two polynomials in two unknowns; their convolution has the coefficients of
the product. Both are evaluated at a few points of each unknown and multiplied there; interpolation finds the product
from its values (Toom 1963, Cook 1966; for networks Lavin & Gray 2015, arXiv 1509.09308, section 4).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.kernels.convolution.bilinear import (
    Bilinear,
    Sides,
    Window,
    convolution,
    doubling,
    transposed_convolution,
)
from pipeline.kernels.convolution.subpixel import Gradients

Find = Callable[[Window, Window], Bilinear]


def convolve(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Applies a convolution of stride 1, `same`: a 7×7 map and a 3×3 window take 81 products of numbers, not 441.

    Maps `(n, height, width, inputs)` and a kernel `(rows, columns, inputs, outputs)` of odd rows and columns, as Keras'
    Conv2D keeps it, make `(n, height, width, outputs)`.

    Raises:
        ValueError: There are no points for maps and window of these sizes; see `has_points`.
    """
    return _multiply(convolution, maps, kernel, outputs_last=True)


def convolve_transposed(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Applies a transposed convolution of stride 1, `valid`: a 3×3 map and a 5×5 window take 49 products, not 225.

    Maps `(n, height, width, inputs)` and a kernel `(rows, columns, outputs, inputs)`, as Keras' Conv2DTranspose keeps
    it, make `(n, height + rows - 1, width + columns - 1, outputs)`.

    Raises:
        ValueError: There are no points for maps and window of these sizes; see `has_points`.
    """
    return _multiply(transposed_convolution, maps, kernel, outputs_last=False)


def double(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Applies a 5×5 transposed convolution of stride 2, `same`: a 7×7 map takes 324 products, not 1,225.

    Maps `(n, height, width, inputs)` and a kernel `(5, 5, outputs, inputs)`, as Keras' Conv2DTranspose keeps it, make
    `(n, 2 height, 2 width, outputs)`.

    Raises:
        ValueError: There are no points for maps and window of these sizes; see `has_points`.
    """
    return _multiply(doubling, maps, kernel, outputs_last=False)


def _multiply(find: Find, maps: tf.Tensor, kernel: tf.Tensor, *, outputs_last: bool) -> tf.Tensor:
    """Computes a convolution with gradients of its own, which are products as well and keep only the factors."""
    bilinear = find(tuple(maps.shape[1:3]), tuple(kernel.shape[:2]))
    compute: Any = tf.custom_gradient(
        lambda maps, kernel: _multiplied(bilinear, maps, kernel, outputs_last=outputs_last)
    )
    return compute(maps, kernel)


def _multiplied(
    bilinear: Bilinear, maps: tf.Tensor, kernel: tf.Tensor, *, outputs_last: bool
) -> tuple[tf.Tensor, Gradients]:
    subpixel = bilinear.subpixel

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        slopes = _combine(_transposed(bilinear.of_result), _places_first(upstream, subpixel))
        to_sources = tf.matmul(slopes, taps, transpose_b=outputs_last)
        factors = (sources, slopes) if outputs_last else (slopes, sources)
        to_taps = tf.reshape(tf.matmul(*factors, transpose_a=True), (len(bilinear.of_kernel), -1))
        return (
            _images_first(_combine(_transposed(bilinear.of_maps), to_sources), bilinear.places, 1),
            tf.reshape(tf.matmul(bilinear.of_kernel.T, to_taps), kernel.shape),
        )

    sources = _combine(bilinear.of_maps, _places_first(maps, 1))
    taps = tf.matmul(bilinear.of_kernel, tf.reshape(kernel, (bilinear.of_kernel.shape[1], -1)))
    taps = tf.reshape(taps, (len(bilinear.of_kernel) // subpixel**2, -1, kernel.shape[3]))
    result = _combine(bilinear.of_result, tf.matmul(sources, taps, transpose_b=not outputs_last))
    return _images_first(result, bilinear.result, subpixel), gradients


def _combine(sides: Sides, values: tf.Tensor) -> tf.Tensor:
    """Multiplies the places of values `(places, n, m)`, whose m is known, by matrices along width and height."""
    rows, columns = sides
    across = tf.matmul(columns[np.newaxis], tf.reshape(values, (rows.shape[1], columns.shape[1], -1)))
    both = tf.matmul(rows, tf.reshape(across, (rows.shape[1], -1)))
    return tf.reshape(both, (len(rows) * len(columns), -1, values.shape[2]))


def _transposed(sides: Sides) -> Sides:
    return sides[0].T, sides[1].T


def _places_first(maps: tf.Tensor, subpixel: int) -> tf.Tensor:
    """Turns `(n, height, width, m)` into `(places, n, m)`; sub-pixels share a place, each with maps of its own."""
    height, width, count = maps.shape[1:]
    sides = height // subpixel, width // subpixel
    split = tf.reshape(maps, (-1, sides[0], subpixel, sides[1], subpixel, count))
    return tf.reshape(tf.transpose(split, (1, 3, 0, 2, 4, 5)), (sides[0] * sides[1], -1, subpixel**2 * count))


def _images_first(maps: tf.Tensor, sides: Window, subpixel: int) -> tf.Tensor:
    """Undoes `_places_first`."""
    height, width = sides
    count = maps.shape[2] // subpixel**2
    split = tf.transpose(tf.reshape(maps, (height, width, -1, subpixel, subpixel, count)), (2, 0, 3, 1, 4, 5))
    return tf.reshape(split, (-1, height * subpixel, width * subpixel, count))
