"""Implicit maximum likelihood: real images that no generated one resembles pull the nearest one towards them.

After Li & Malik 2018, "Implicit Maximum Likelihood Estimation", arXiv 1809.09087, with two changes. Candidates are the
latest generated images instead of fresh ones, and only the worst covered real images of a batch count.
"""

import math
from typing import NamedTuple

import keras
import tensorflow as tf

from pipeline.settings.acgan import LikelihoodSettings
from pipeline.settings.images import ImageFormat
from pipeline.training.acgan.losses import squared_distances

NO_DIGIT = -1


class Chosen(NamedTuple):
    """The real images of a batch that are covered worst, and what the nearest generated one was made of.

    Attributes:
        index: `(k,)`, positions in the batch.
        latent: `(k, latent_size)`.
        digit: `(k, 1)`.
        found: `(k,)`, 1 where a generated image of that digit is there, else 0.
    """

    index: tf.Tensor
    latent: tf.Tensor
    digit: tf.Tensor
    found: tf.Tensor


class Candidates:
    """The latest generated images at half their size, with latents and digits; part of a training's state.

    Its integers are int64: TensorFlow keeps int32 in the host's memory, where a step compiled for a GPU cannot read it.
    """

    def __init__(self, settings: LikelihoodSettings, *, latent_size: int, format: ImageFormat) -> None:
        pooled = (format.size // 2) ** 2 * format.channels
        self._images = _zeros((settings.candidates, pooled), "images")
        self._latents = _zeros((settings.candidates, latent_size), "latents")
        self._digits = _zeros((settings.candidates,), "digits", dtype="int64")
        self._digits.assign(tf.fill((settings.candidates,), NO_DIGIT))
        self._added = _zeros((), "added", dtype="int64")

    @property
    def variables(self) -> list[keras.Variable]:
        """All that a step reads or changes."""
        return [self._images, self._latents, self._digits, self._added]

    def choose(self, images: tf.Tensor, digits: tf.Tensor, count: int) -> Chosen:
        """Chooses the `count` images `(n, size, size, channels)` furthest from any candidate of their digits."""
        squares = squared_distances(_halved(images), self._images.value)
        same = tf.cast(digits, tf.int64)[:, tf.newaxis] == self._digits.value
        squares = tf.where(same, squares, squares.dtype.max)
        nearest = tf.argmin(squares, axis=1)
        found = tf.cast(tf.reduce_any(same, axis=1), tf.float32)
        index = tf.math.top_k(tf.reduce_min(squares, axis=1) * found, count).indices
        latent = tf.gather(self._latents.value, tf.gather(nearest, index))
        return Chosen(index, latent, tf.gather(digits, index)[:, tf.newaxis], tf.gather(found, index))

    def add(self, images: tf.Tensor, latent: tf.Tensor, digit: tf.Tensor) -> None:
        """Adds generated images `(n, size, size, channels)` of digits `(n, 1)`, in place of the oldest ones."""
        count, digits = tf.shape(images, out_type=tf.int64)[0], tf.cast(digit[:, 0], tf.int64)
        places = ((self._added.value + tf.range(count)) % self._digits.shape[0])[:, tf.newaxis]
        kept = (self._images, _halved(images)), (self._latents, latent), (self._digits, digits)
        for variable, values in kept:
            variable.value.scatter_nd_update(places, values)
        self._added.assign(self._added.value + count)


def likelihood_loss(real: tf.Tensor, generated: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
    """Mean squared distance of pairs of features, in units of the mean squared norm of the real ones.

    Args:
        real: `(k, d)`, features of real images; no gradient flows into them.
        generated: `(k, d)`, features of what is pulled towards them.
        found: `(k,)`, 1 for pairs that count, else 0.
    """
    real, generated = tf.stop_gradient(tf.cast(real, tf.float32)), tf.cast(generated, tf.float32)
    squares = tf.reduce_sum((generated - real) ** 2, axis=1) * found
    return tf.reduce_mean(squares) / tf.reduce_mean(tf.reduce_sum(real**2, axis=1))


def _zeros(shape: tuple[int, ...], name: str, dtype: str = "float32") -> keras.Variable:
    return keras.Variable(tf.zeros(shape, dtype), trainable=False, dtype=dtype, name=name)


def _halved(images: tf.Tensor) -> tf.Tensor:
    pooled = tf.nn.avg_pool2d(images, 2, 2, "VALID")
    return tf.reshape(pooled, (-1, math.prod(pooled.shape[1:])))
