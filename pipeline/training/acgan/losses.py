"""The losses of the AC-GAN, as means over the whole batch."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from pipeline.settings.acgan import AuxiliaryWeight, SoftLabel

SMALLEST_SQUARE = 1e-3  # added to squared distances, whose root has no gradient at 0


class OutputLosses(NamedTuple):
    """Losses of the discriminator's two outputs, scalars in nats: whether images are real, which digits they show."""

    generation: tf.Tensor
    auxiliary: tf.Tensor

    @property
    def total(self) -> tf.Tensor:
        """The sum of the two, which is minimised."""
        return self.generation + self.auxiliary

    def named(self) -> dict[str, float]:
        """Returns the losses as plain numbers, under their names in metrics."""
        losses = {"loss": self.total, "generation_loss": self.generation, "auxiliary_loss": self.auxiliary}
        return {name: float(value) for name, value in losses.items()}


def generation_loss(target: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
    """Mean binary cross-entropy; its minimum is the entropy of a soft label, such as H(0.95) = 0.1985 nats.

    Args:
        target: `(n, 1)` in [0, 1], 1 meaning real.
        probability: `(n, 1)`, the discriminator's probability that an image is real.
    """
    return tf.reduce_mean(keras.losses.binary_crossentropy(target, probability))


def auxiliary_loss(digit: tf.Tensor, probability: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """Weighted sparse categorical cross-entropy in nats, summed and divided by the whole batch, as Keras 3 does.

    Args:
        digit: `(n, 1)` or `(n,)`, integers from 0 to classes - 1.
        probability: `(n, classes)`, the discriminator's probability of each digit.
        weight: `(n,)`, one sample weight per image; images of weight 0 count in the divisor.
    """
    losses = keras.losses.sparse_categorical_crossentropy(tf.reshape(digit, (-1,)), probability)
    return tf.reduce_mean(losses * weight)


def discriminator_losses(
    outputs: dict[str, tf.Tensor], digits: tf.Tensor, label: SoftLabel, weight: AuxiliaryWeight
) -> OutputLosses:
    """Losses of the discriminator on a batch whose first half is real and whose second half is generated.

    Args:
        outputs: Its outputs on 2 n images, `generation` `(2 n, 1)` and `auxiliary` `(2 n, classes)`.
        digits: `(2 n, 1)`, integers from 0 to classes - 1.
        label: Targets of the `generation` output.
        weight: Sample weights of the `auxiliary` loss.
    """
    half = tf.shape(digits)[0] // 2
    target = tf.concat([tf.fill((half, 1), label.real), tf.fill((half, 1), label.generated)], axis=0)
    weights = tf.concat([tf.fill((half,), weight.real), tf.fill((half,), weight.generated)], axis=0)
    generation = generation_loss(target, outputs["generation"])
    return OutputLosses(generation, auxiliary_loss(digits, outputs["auxiliary"], weights))


def trick_losses(
    outputs: dict[str, tf.Tensor], digits: tf.Tensor, label: SoftLabel, weight: AuxiliaryWeight
) -> OutputLosses:
    """Losses of the generator, whose images should pass for real ones of the requested digits.

    Args:
        outputs: The discriminator's outputs on n generated images, `generation` `(n, 1)` and `auxiliary`
            `(n, classes)`.
        digits: `(n, 1)`, integers from 0 to classes - 1.
        label: Targets of the `generation` output.
        weight: Sample weights of the `auxiliary` loss.
    """
    generation = generation_loss(tf.fill(tf.shape(outputs["generation"]), label.trick), outputs["generation"])
    weights = tf.fill(tf.shape(outputs["generation"])[:1], weight.trick)
    return OutputLosses(generation, auxiliary_loss(digits, outputs["auxiliary"], weights))


def energy_distance(
    real: tf.Tensor, generated: tf.Tensor, real_digit: tf.Tensor, generated_digit: tf.Tensor
) -> tf.Tensor:
    """Energy distance between real and generated features of the same digit, relative to that among real ones.

    After Székely & Rizzo 2013, "Energy statistics": 2 E|r - g| - E|r - r'| - E|g - g'|, here divided by E|r - r'|, with
    means over all pairs of different images that show the same digit. It is 0 in expectation where both have the same
    distribution within each digit; a sample's may be negative. No gradient flows through the divisor.

    Args:
        real: `(n, d)`, features of real images.
        generated: `(m, d)`, features of generated images.
        real_digit: `(n,)`, integers from 0 to classes - 1. If none occurs twice, the distance is -1 and has no
            gradient.
        generated_digit: `(m,)`, the digits that were asked for.
    """
    real, generated = tf.cast(real, tf.float32), tf.cast(generated, tf.float32)
    among_real = _mean_distance(real, real, _others(real_digit))
    among_generated = _mean_distance(generated, generated, _others(generated_digit))
    between = _mean_distance(real, generated, _equal(real_digit, generated_digit))
    return tf.math.divide_no_nan(2 * between - among_generated, tf.stop_gradient(among_real)) - 1


def squared_distances(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Squared distances `(n, m)` between points `(n, d)` and `(m, d)`; rounding may leave one below 0."""
    norms = tf.reduce_sum(left**2, axis=1)[:, tf.newaxis] + tf.reduce_sum(right**2, axis=1)
    return norms - 2 * tf.matmul(left, right, transpose_b=True)


def _mean_distance(left: tf.Tensor, right: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
    distances = tf.sqrt(tf.nn.relu(squared_distances(left, right)) + SMALLEST_SQUARE)
    return tf.math.divide_no_nan(tf.reduce_sum(distances * counted), tf.reduce_sum(counted))


def _equal(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    return tf.cast(left[:, tf.newaxis] == right, tf.float32)


def _others(digit: tf.Tensor) -> tf.Tensor:
    return _equal(digit, digit) - tf.eye(tf.size(digit))


def gradient_penalty(logit: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """Mean squared norm of the gradient of a discriminator's logit with respect to its images.

    On real images it is R1, on generated ones R2, of Mescheder et al. 2018, arXiv 1801.04406, without their factor 1/2.

    Args:
        logit: Function from images to logits `(n, 1)`, of which second derivatives exist.
        images: `(n, height, width, channels)`.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        total = tf.reduce_sum(logit(images))
    return tf.reduce_mean(tf.reduce_sum(tape.gradient(total, images) ** 2, axis=(1, 2, 3)))
