"""Convolutions of maps that are no larger than the window, as one dense product.

Such a window reaches from each result to nearly all of the map. The weights between every pair of places, which are
zero or weights of the kernel, then make a matrix with few zeros in it, and oneDNN multiplies it at a rate that its
convolutions of so small maps do not come near to: those compute the products with the padding, too.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Padding = Literal["same", "valid"]
Window = tuple[int, int]


def covers(window: Sequence[int], places: Sequence[int]) -> bool:
    """Whether a window has at least as many taps as a map has places, both as rows and columns."""
    return places[0] * places[1] <= window[0] * window[1]


def convolve_densely(maps: tf.Tensor, kernel: tf.Tensor, *, strides: Window, padding: Padding) -> tf.Tensor:
    """Applies a convolution: with a 5×5 window in steps of 2, a 4×4 map takes 64 products of numbers, not 100.

    Maps `(n, height, width, inputs)` and a kernel `(rows, columns, inputs, outputs)`, as Keras' Conv2D keeps it, make
    `(n, new height, new width, outputs)`.
    """
    matrix, places = _matrix(kernel, tuple(maps.shape[1:3]), strides=strides, padding=padding)
    return tf.reshape(tf.matmul(tf.reshape(maps, (-1, matrix.shape[0])), matrix), (-1, *places, kernel.shape[3]))


def convolve_transposed_densely(maps: tf.Tensor, kernel: tf.Tensor, *, strides: Window) -> tf.Tensor:
    """Applies a transposed convolution, `same`: the gradient of a convolution, whose matrix is transposed.

    Maps `(n, height, width, inputs)` and a kernel `(rows, columns, outputs, inputs)`, as Keras' Conv2DTranspose keeps
    it, make `(n, strides[0] height, strides[1] width, outputs)`.
    """
    places = maps.shape[1] * strides[0], maps.shape[2] * strides[1]
    matrix, _ = _matrix(kernel, places, strides=strides, padding="same")
    result = tf.matmul(tf.reshape(maps, (-1, matrix.shape[1])), matrix, transpose_b=True)
    return tf.reshape(result, (-1, *places, kernel.shape[2]))


def _matrix(kernel: tf.Tensor, places: Window, *, strides: Window, padding: Padding) -> tuple[tf.Tensor, Window]:
    """The weights from each place and map to each of the results, and how many rows and columns the results have."""
    rows, columns = (_taps(*axis, padding=padding) for axis in zip(places, kernel.shape[:2], strides, strict=True))
    inputs, outputs = kernel.shape[2:]
    results = rows.shape[1], columns.shape[1]
    taps = np.einsum("ipa,jqb->ijpqab", rows, columns).reshape(-1, kernel.shape[0] * kernel.shape[1])
    # A product with zeros and ones takes less time than slices, above all for the gradient.
    weights = tf.matmul(taps, tf.reshape(kernel, (taps.shape[1], -1)))
    sorted_by_place = tf.reshape(weights, (places[0] * places[1], results[0] * results[1], inputs, outputs))
    return tf.reshape(tf.transpose(sorted_by_place, (0, 2, 1, 3)), (-1, results[0] * results[1] * outputs)), results


def _taps(places: int, window: int, stride: int, *, padding: Padding) -> NDArray[np.float32]:
    """1 where a tap of the window lies on a place for a result along one axis, else 0: `(places, results, window)`."""
    results, before = -(-places // stride), 0
    if padding == "valid":
        results = (places - window) // stride + 1
    else:
        before = max((results - 1) * stride + window - places, 0) // 2
    place, result, tap = np.ogrid[:places, :results, :window]
    return np.asarray(tap == place - stride * result + before, np.float32)
