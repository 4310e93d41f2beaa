"""Errors of reconstructions, pixel by pixel, and their means over the digit without its padding."""

import tensorflow as tf

from pipeline.data.padding import window


def squared_errors(logits: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Squared error of each pixel on the scale from 0 for paper to 1 for ink.

    Args:
        logits: The decoder's output before tanh, `(n, size, size, channels)`.
        images: The originals in [-1, 1], of the same shape, which is also the result's.
    """
    return tf.square(tf.tanh(logits) - images) / 4


def cross_entropies(logits: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Binary cross-entropy of each pixel in nats; its grey in [0, 1] is the probability of ink.

    Args:
        logits: The decoder's output before tanh, `(n, size, size, channels)`; a pixel's logit is twice that.
        images: The originals in [-1, 1], of the same shape, which is also the result's.
    """
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=(images + 1) / 2, logits=2 * logits)


def digit_means(errors: tf.Tensor, *, size: int) -> tf.Tensor:
    """Means of errors over the digit, `size` by `size` pixels in the middle, and its channels.

    Args:
        errors: `(n, height, width, channels)`; the means are `(n,)`.
        size: Height and width of the image within its padding.
    """
    middle = window(errors.shape[1], size)
    return tf.reduce_mean(errors[:, middle, middle], axis=(1, 2, 3))
