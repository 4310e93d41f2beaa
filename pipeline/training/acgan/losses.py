"""The two losses of the AC-GAN, as means over the whole batch."""

from typing import NamedTuple

import keras
import tensorflow as tf

from pipeline.settings.acgan import AuxiliaryWeight, SoftLabel


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
        digit: `(n, 1)` or `(n,)`, integers from 0 to 9.
        probability: `(n, 10)`, the discriminator's probability of each digit.
        weight: `(n,)`, one sample weight per image; images of weight 0 count in the divisor.
    """
    losses = keras.losses.sparse_categorical_crossentropy(tf.reshape(digit, (-1,)), probability)
    return tf.reduce_mean(losses * weight)


def discriminator_losses(
    outputs: dict[str, tf.Tensor], digits: tf.Tensor, label: SoftLabel, weight: AuxiliaryWeight
) -> OutputLosses:
    """Losses of the discriminator on a batch whose first half is real and whose second half is generated.

    Args:
        outputs: Its outputs on 2 n images, `generation` `(2 n, 1)` and `auxiliary` `(2 n, 10)`.
        digits: `(2 n, 1)`, integers from 0 to 9.
        label: Targets of the `generation` output.
        weight: Sample weights of the `auxiliary` loss.
    """
    half = tf.shape(digits)[0] // 2
    target = tf.concat([tf.fill((half, 1), label.real), tf.fill((half, 1), label.generated)], axis=0)
    weights = tf.concat([tf.fill((half,), weight.real), tf.fill((half,), weight.generated)], axis=0)
    generation = generation_loss(target, outputs["generation"])
    return OutputLosses(generation, auxiliary_loss(digits, outputs["auxiliary"], weights))


def trick_losses(outputs: dict[str, tf.Tensor], digits: tf.Tensor, trick: float) -> OutputLosses:
    """Losses of the generator, whose images should pass for real ones of the requested digits.

    Args:
        outputs: The discriminator's outputs on n generated images, `generation` `(n, 1)` and `auxiliary` `(n, 10)`.
        digits: `(n, 1)`, integers from 0 to 9.
        trick: Target of the `generation` output.
    """
    generation = generation_loss(tf.fill(tf.shape(outputs["generation"]), trick), outputs["generation"])
    weight = tf.ones_like(outputs["generation"][:, 0])
    return OutputLosses(generation, auxiliary_loss(digits, outputs["auxiliary"], weight))
