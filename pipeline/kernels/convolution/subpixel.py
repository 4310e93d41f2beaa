"""A transposed convolution that doubles maps, as a convolution to four maps for each one.

oneDNN computes a transposed convolution as the gradient of a convolution. With few output maps that runs far below the
rate at which two cores multiply matrices.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

WINDOW = 5

Gradients = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def double_by_subpixel(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Doubles maps by a 5×5 transposed convolution of stride 2, `same`: a 3×3 convolution to four maps for each one.

    Each of the four holds the pixels whose row and column are even or odd: a sub-pixel convolution (Shi et al. 2016,
    arXiv 1609.05158, section 3). Its gradients are those of the plain transposed convolution, which are fast enough.

    Maps `(n, height, width, inputs)` and a kernel `(5, 5, outputs, inputs)`, as Keras' Conv2DTranspose keeps it, make
    `(n, 2 height, 2 width, outputs)`.
    """
    compute: Any = tf.custom_gradient(_doubled)
    return compute(maps, kernel)


def _doubled(maps: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Gradients]:
    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return (
            tf.nn.conv2d(upstream, kernel, strides=2, padding="SAME"),
            tf.raw_ops.Conv2DBackpropFilter(
                input=upstream, filter_sizes=kernel.shape, out_backprop=maps, strides=[1, 2, 2, 1], padding="SAME"
            ),
        )

    subpixels = tf.nn.conv2d(maps, _subpixel_kernel(kernel), strides=1, padding="SAME")
    return tf.nn.depth_to_space(subpixels, 2), gradients


def _subpixel_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """Sorts a 5×5 kernel's weights by their distance from a pixel's source: `(3, 3, inputs, 4 outputs)`."""
    _, _, outputs, inputs = kernel.shape
    padded = tf.pad(kernel, [[0, 1], [0, 1], [0, 0], [0, 0]])
    taps = np.array([[odd + 1 - 2 * distance for odd in (0, 1)] for distance in (-1, 0, 1)])
    taps[(taps < 0) | (taps >= WINDOW)] = WINDOW
    sorted_by_place = tf.gather(tf.gather(padded, taps, axis=0), taps, axis=2)
    return tf.reshape(tf.transpose(sorted_by_place, (0, 2, 5, 1, 3, 4)), (3, 3, inputs, 4 * outputs))
