"""One training step of the AC-GAN, in two recipes.

Both train the discriminator on real and generated images together, then the generator through the discriminator. Each
update has an explicit list of variables: in Keras 3, a model that is frozen after it was compiled silently trains
nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from pipeline.settings.acgan import AcganSettings, DiscriminatorSettings, GeneratorSettings
from pipeline.training.acgan.likelihood import Chosen, likelihood_loss
from pipeline.training.acgan.losses import (
    OutputLosses,
    discriminator_losses,
    energy_distance,
    gradient_penalty,
    trick_losses,
)
from pipeline.training.acgan.networks import FEATURES, Networks, gradients, recording


class Pairs(NamedTuple):
    """Inputs of the generator: `latent` `(n, latent_size)` in [-1, 1) and `digit` `(n, 1)` from 0 to classes - 1."""

    latent: tf.Tensor
    digit: tf.Tensor


class RealImages(NamedTuple):
    """Real images `(n, height, width, channels)` in [-1, 1] and their digits `(n,)`."""

    images: tf.Tensor
    digits: tf.Tensor


class StepLosses(NamedTuple):
    """Losses of the two updates of one step, and the further terms of the generator's, by name and without weights."""

    generator: OutputLosses
    discriminator: OutputLosses
    terms: dict[str, tf.Tensor]


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
    with recording(networks.generator) as tape:
        generated = networks.generate(fresh_pairs._asdict(), training=True)
        losses, terms = _generator_losses(networks, settings, real, generated, fresh_pairs.digit)
        loss = _weighted_sum(losses, terms, settings.generator)
    _move_generator(networks, gradients(networks.generator, tape, loss))
    return StepLosses(losses, discriminator_losses, terms)


def shared_step(
    networks: Networks, settings: AcganSettings, real: RealImages, pairs: Pairs, fresh_pairs: Pairs
) -> StepLosses:
    """Takes one step whose generated images serve both updates, then updates the generator's average.

    The images are generated once, with batch statistics. For hundreds of steps the moving averages of batch
    normalisation lag so far behind that images generated with them are noise, from which the discriminator learns
    nothing. The first n images of `pairs`, n or more, join the discriminator's update; `fresh_pairs` is unused, since
    all recipes have the same arguments. Implicit maximum likelihood adds images of its own to the generator's update.
    Returns the losses before each update.
    """
    count = tf.shape(real.images)[0]
    chosen = _choose(networks, settings, real)
    with recording(networks.generator) as tape:
        generated = networks.generate(_with_chosen(pairs, chosen)._asdict(), training=True)
        with tape.stop_recording():
            shown, digit = generated[:count], pairs.digit[:count]
            discriminator_losses = update_discriminator(networks, settings, real, shown, digit)
            if networks.candidates:
                networks.candidates.add(shown, pairs.latent[:count], digit)
        losses, terms = _generator_losses(networks, settings, real, generated, pairs.digit, chosen)
        loss = _weighted_sum(losses, terms, settings.generator)
    _move_generator(networks, gradients(networks.generator, tape, loss))
    if settings.averaged:
        networks.update_average(settings.generator.moving_average)
    return StepLosses(losses, discriminator_losses, terms)


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
    discriminator, optimizer = networks.discriminator, networks.discriminator_optimizer
    with recording(discriminator) as tape:
        outputs = networks.discriminate({"image": images}, training=True)
        losses = discriminator_losses(outputs, digits, settings.soft_label, settings.auxiliary_weight)
        loss = losses.total
    found = gradients(discriminator, tape, loss)
    if settings.discriminator.gradient_penalty:
        found = _add_penalty(networks, settings.discriminator, images, found)
    optimizer.apply(found, discriminator.trainable_variables)
    return losses


def _add_penalty(
    networks: Networks, settings: DiscriminatorSettings, images: tf.Tensor, found: list[tf.Tensor]
) -> list[tf.Tensor]:
    """Adds the gradients of R1 and R2 in each step that is due: lazily, after Karras et al. 2020, arXiv 1912.04958."""

    # A function of its own: of a branch that TensorFlow inlines, its memory optimiser makes temporary variables that a
    # step which does not take the branch leaves behind, and the next one fails.
    @tf.function(autograph=False, experimental_attributes={"_noinline": True})
    def penalized() -> list[tf.Tensor]:
        with recording(networks.discriminator) as tape:
            penalty = gradient_penalty(networks.logit, images) * settings.gradient_penalty * settings.penalty_every
        added = gradients(networks.discriminator, tape, penalty)
        return [before + more for before, more in zip(found, added, strict=True)]

    due = networks.discriminator_optimizer.iterations % settings.penalty_every == 0
    due_gradients: list[tf.Tensor] = tf.cond(due, penalized, lambda: found)
    return due_gradients


def _move_generator(networks: Networks, found: list[tf.Tensor]) -> None:
    networks.generator_optimizer.apply(found, networks.generator.trainable_variables)


def _choose(networks: Networks, settings: AcganSettings, real: RealImages) -> Chosen | None:
    if networks.candidates is None:
        return None
    return networks.candidates.choose(real.images, tf.cast(real.digits, tf.int32), settings.generator.likelihood.images)


def _with_chosen(pairs: Pairs, chosen: Chosen | None) -> Pairs:
    if chosen is None:
        return pairs
    latent = tf.concat([pairs.latent, chosen.latent], axis=0)
    return Pairs(latent, tf.concat([pairs.digit, chosen.digit], axis=0))


def _generator_losses(
    networks: Networks,
    settings: AcganSettings,
    real: RealImages,
    images: tf.Tensor,
    digit: tf.Tensor,
    chosen: Chosen | None = None,
) -> tuple[OutputLosses, dict[str, tf.Tensor]]:
    """The two losses and the further terms, of images that are those of `digit` and, behind them, of `chosen`."""
    dropping, count = settings.discriminator.dropout_in_generator_update, tf.shape(digit)[0]
    outputs = networks.perceive({"image": images}, training=dropping)
    # A split's gradient is one concatenation; each slice's would be an array of zeros as large as the whole.
    split = {name: tf.split(output, [count, -1]) for name, output in outputs.items()}
    asked = {name: output for name, (output, _) in split.items()}
    losses = trick_losses(asked, digit, settings.soft_label, settings.auxiliary_weight)
    terms: dict[str, tf.Tensor] = {}
    if settings.generator.energy_distance or chosen:
        features = networks.perceive({"image": real.images}, training=dropping)[FEATURES]
    if settings.generator.energy_distance:
        digits = tf.cast(real.digits, tf.int32), tf.reshape(digit, (-1,))
        terms["energy_distance"] = energy_distance(features, split[FEATURES][0], *digits)
    if chosen:
        covered_worst = tf.gather(features, chosen.index)
        terms["likelihood_loss"] = likelihood_loss(covered_worst, split[FEATURES][1], chosen.found)
    return losses, terms


def _weighted_sum(losses: OutputLosses, terms: dict[str, tf.Tensor], settings: GeneratorSettings) -> tf.Tensor:
    weights = {"energy_distance": settings.energy_distance, "likelihood_loss": settings.likelihood.weight}
    return tf.add_n([losses.total, *(weights[name] * term for name, term in terms.items())])
