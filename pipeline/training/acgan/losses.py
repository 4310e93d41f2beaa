"""The two losses of the AC-GAN, as means over the whole batch."""

from typing import NamedTuple

import keras
import tensorflow as tf

from pipeline.settings.acgan import AuxiliaryWeight, SoftLabel


class OutputLosses(NamedTuple):
    """Losses of the discriminator's two outputs, scalars in nats."""

    generation: tf.Tensor
    auxiliary: tf.Tensor

    @property
    def total(self) -> tf.Tensor:
        """What is minimised: the sum of the two."""
        return self.generation + self.auxiliary

    def named(self) -> dict[str, float]:
        """Gives the losses as plain numbers, under the names of the table of a report."""
        return {
            "loss": float(self.total),
            "generation_loss": float(self.generation),
            "auxiliary_loss": float(self.auxiliary),
        }


def generation_loss(target: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
    """Mean binary cross-entropy; with a soft label its floor is the label's entropy, H(0.95) = 0.1985 nats.

    Args:
        target: `(n, 1)` in [0, 1], 1 meaning real.
        probability: `(n, 1)`, the discriminator's probability that an image is real.

    Returns:
        A scalar, nats.
    """
    return tf.reduce_mean(keras.losses.binary_crossentropy(target, probability))


def auxiliary_loss(digit: tf.Tensor, probability: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """Weighted sparse categorical cross-entropy, summed and divided by the whole batch, as Keras 3 does.

    Args:
        digit: `(n, 1)` or `(n,)` integers in 0..9.
        probability: `(n, 10)`, the discriminator's probability of each digit.
        weight: `(n,)`, one sample weight an image; images of weight 0 still count in the divisor.

    Returns:
        A scalar, nats.
    """
    losses = keras.losses.sparse_categorical_crossentropy(tf.reshape(digit, (-1,)), probability)
    return tf.reduce_mean(losses * weight)


def discriminator_losses(
    outputs: dict[str, tf.Tensor], digits: tf.Tensor, label: SoftLabel, weight: AuxiliaryWeight
) -> OutputLosses:
    """Losses of the discriminator on a batch whose first half is real and whose second half is generated.

    Args:
        outputs: Its two outputs on 2 n images.
        digits: `(2 n, 1)`.
        label: Targets of the `generation` output.
        weight: Sample weights of the `auxiliary` loss.

    Returns:
        Both losses, nats.
    """
    half = tf.shape(digits)[0] // 2
    target = tf.concat([tf.fill((half, 1), label.real), tf.fill((half, 1), label.generated)], axis=0)
    weights = tf.concat([tf.fill((half,), weight.real), tf.fill((half,), weight.generated)], axis=0)
    return OutputLosses(
        generation_loss(target, outputs["generation"]), auxiliary_loss(digits, outputs["auxiliary"], weights)
    )


def trick_losses(outputs: dict[str, tf.Tensor], digits: tf.Tensor, trick: float) -> OutputLosses:
    """Losses of the generator: its images, called real, with the digits they were asked for.

    Args:
        outputs: The discriminator's two outputs on n generated images.
        digits: `(n, 1)`.
        trick: Target of the `generation` output.

    Returns:
        Both losses, nats.
    """
    target = tf.fill(tf.shape(outputs["generation"]), trick)
    weight = tf.ones_like(outputs["generation"][:, 0])
    return OutputLosses(
        generation_loss(target, outputs["generation"]), auxiliary_loss(digits, outputs["auxiliary"], weight)
    )
