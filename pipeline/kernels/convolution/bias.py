"""A convolution's bias with a gradient of its own.

TensorFlow lets oneDNN sum the bias's gradient inside the kernel that computes the gradient of the weights. That kernel
then takes a tenth to two thirds longer, which is more than a separate sum takes.
"""

from typing import Any

import tensorflow as tf

from pipeline.kernels.convolution.subpixel import Gradients


def add_bias(maps: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Adds one number to each map: a bias `(outputs,)` to maps `(n, height, width, outputs)`."""
    compute: Any = tf.custom_gradient(_added)
    return compute(maps, bias)


def _added(maps: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Gradients]:
    return tf.nn.bias_add(maps, bias), lambda upstream: (upstream, tf.reduce_sum(upstream, (0, 1, 2)))
