"""One training step of the AC-GAN, in two recipes.

Both train the discriminator on real and generated images together, then the generator through the discriminator. Each
update has an explicit list of variables: in Keras 3, a model that is frozen after it was compiled silently trains
nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from pipeline.settings.acgan import AcganSettings
from pipeline.training.acgan.losses import OutputLosses, discriminator_losses, trick_losses
from pipeline.training.acgan.networks import Networks, move


class Pairs(NamedTuple):
    """Inputs of the generator: `latent` `(n, latent_size)` in [-1, 1) and `digit` `(n, 1)` from 0 to 9."""

    latent: tf.Tensor
    digit: tf.Tensor


class RealImages(NamedTuple):
    """Real images `(n, 28, 28, 1)` in [-1, 1] and their digits `(n,)`."""

    images: tf.Tensor
    digits: tf.Tensor


class StepLosses(NamedTuple):
    """Losses of the two updates of one step."""

    generator: OutputLosses
    discriminator: OutputLosses


Recipe = Callable[[Networks, AcganSettings, RealImages, Pairs, Pairs], StepLosses]


def original_step(
    networks: Networks, settings: AcganSettings, real: RealImages, pairs: Pairs, fresh_pairs: Pairs
) -> StepLosses:
    """Takes one step of Keras' `mnist_acgan` and returns the losses before each update.

    The discriminator's generated images use the moving averages of batch normalisation, as `predict` does there. The
    generator then trains on pairs of its own, with batch statistics.

    Args:
        networks: Both networks; they are updated.
        settings: Targets and weights.
        real: n real images.
        pairs: n pairs for the discriminator's update.
        fresh_pairs: 2 n pairs for the generator's update.
    """
    generated = networks.generate(pairs._asdict(), training=False)
    discriminator_losses = update_discriminator(networks, settings, real, generated, pairs.digit)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([variable.value for variable in networks.generator.trainable_variables])
        generated = networks.generate(fresh_pairs._asdict(), training=True)
        generator_losses = _generator_losses(networks, settings, generated, fresh_pairs.digit)
        loss = generator_losses.total
    move(networks.generator, networks.generator_optimizer, tape, loss)
    return StepLosses(generator_losses, discriminator_losses)


def shared_step(
    networks: Networks, settings: AcganSettings, real: RealImages, pairs: Pairs, fresh_pairs: Pairs
) -> StepLosses:
    """Takes one step whose generated images serve both updates, then updates the generator's average.

    The images are generated once, with batch statistics. For hundreds of steps the moving averages of batch
    normalisation lag so far behind that images generated with them are noise, from which the discriminator learns
    nothing. The first n images of `pairs`, n or more, join the discriminator's update; `fresh_pairs` is unused, since
    all recipes have the same arguments. Returns the losses before each update.
    """
    count = tf.shape(real.images)[0]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([variable.value for variable in networks.generator.trainable_variables])
        generated = networks.generate(pairs._asdict(), training=True)
        with tape.stop_recording():
            shown, digit = generated[:count], pairs.digit[:count]
            discriminator_losses = update_discriminator(networks, settings, real, shown, digit)
        generator_losses = _generator_losses(networks, settings, generated, pairs.digit)
        loss = generator_losses.total
    move(networks.generator, networks.generator_optimizer, tape, loss)
    if settings.averaged:
        networks.update_average(settings.generator.moving_average)
    return StepLosses(generator_losses, discriminator_losses)


RECIPES: dict[str, Recipe] = {"original": original_step, "shared": shared_step}


def update_discriminator(
    networks: Networks, settings: AcganSettings, real: RealImages, generated: tf.Tensor, generated_digit: tf.Tensor
) -> OutputLosses:
    """Updates the discriminator once, on real and generated images in one batch; returns the losses before the update.

    Args:
        networks: The discriminator is updated, the generator is not.
        settings: Soft labels and auxiliary weights.
        real: n real images.
        generated: n generated images; no gradient flows into them.
        generated_digit: `(n, 1)`, the digits that they should show.
    """
    images = tf.concat([real.images, tf.stop_gradient(generated)], axis=0)
    digits = tf.concat([tf.cast(tf.reshape(real.digits, (-1, 1)), tf.int32), generated_digit], axis=0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([variable.value for variable in networks.discriminator.trainable_variables])
        outputs = networks.discriminate({"image": images}, training=True)
        losses = discriminator_losses(outputs, digits, settings.soft_label, settings.auxiliary_weight)
        loss = losses.total
    move(networks.discriminator, networks.discriminator_optimizer, tape, loss)
    return losses


def _generator_losses(networks: Networks, settings: AcganSettings, images: tf.Tensor, digit: tf.Tensor) -> OutputLosses:
    outputs = networks.discriminate({"image": images}, training=settings.discriminator.dropout_in_generator_update)
    return trick_losses(outputs, digit, settings.soft_label.trick)
