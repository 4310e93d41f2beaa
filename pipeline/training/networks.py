"""What a step of the AC-GAN moves: two networks and their optimisers."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.models.quick import quicken
from pipeline.settings.acgan import Settings
from pipeline.settings.compute import Kernels
from pipeline.training.optimizers import build_adam


@dataclass(frozen=True)
class Networks:
    """The generator, the discriminator, their optimisers and the generator's average.

    Attributes:
        generate: The generator over the same weights, with kernels that take a step less time unless they are `plain`.
        discriminate: The discriminator likewise.
        averaged: The generator to use: its moving average, or the generator itself where none is kept.
        generate_averaged: The same over the same weights, with the quick kernels.
    """

    generator: keras.Model
    generate: keras.Model
    discriminator: keras.Model
    discriminate: keras.Model
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    averaged: keras.Model
    generate_averaged: keras.Model

    def move_generator(self, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """Takes one optimiser's step on the generator's weights and no other."""
        _move(self.generator_optimizer, self.generator.trainable_variables, tape, loss)

    def move_discriminator(self, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """Takes one optimiser's step on the discriminator's weights and no other."""
        _move(self.discriminator_optimizer, self.discriminator.trainable_variables, tape, loss)

    def update_average(self, decay: float) -> None:
        """Moves the averaged generator, batch normalisation's statistics included, towards the generator.

        Args:
            decay: What the average keeps of itself a step. After t steps it keeps t / (t + 9) where that is less, so
                that the first weights, which are noise, are forgotten soon (TensorFlow's `ExponentialMovingAverage`).
        """
        steps = tf.cast(self.generator_optimizer.iterations, tf.float32)
        decay = tf.minimum(decay, steps / (steps + 9))
        for average, current in zip(self.averaged.weights, self.generator.weights, strict=True):
            average.assign(decay * average + (1 - decay) * current)


def build_networks(settings: Settings, *, seed: int, kernels: Kernels = "fast") -> Networks:
    """Builds both networks with every variable of their optimisers, so that nothing is created inside a step.

    Args:
        settings: Networks, recipe and optimisers.
        seed: Decides the initial weights and the draws of dropout.
        kernels: What a step computes by; with `plain` the networks that it calls are Keras' own.
    """
    generator = build_generator(settings.generator, latent_size=settings.latent_size, seed=seed)
    averaged, generate = generator, _quickened(generator, kernels)
    generate_averaged = generate
    if settings.averaged:
        averaged = build_generator(settings.generator, latent_size=settings.latent_size, seed=seed)
        generate_averaged = _quickened(averaged, kernels)
    discriminator = build_discriminator(settings.discriminator, seed=seed)
    return Networks(
        generator=generator,
        generate=generate,
        discriminator=discriminator,
        discriminate=_quickened(discriminator, kernels, short_draws=settings.recipe == "shared"),
        generator_optimizer=_adam(settings, settings.generator.learning_rate, generator, kernels),
        discriminator_optimizer=_adam(settings, settings.discriminator.learning_rate, discriminator, kernels),
        averaged=averaged,
        generate_averaged=generate_averaged,
    )


def _quickened(model: keras.Model, kernels: Kernels, *, short_draws: bool = False) -> keras.Model:
    return quicken(model, short_draws=short_draws) if kernels == "fast" else model


def _adam(settings: Settings, learning_rate: float, model: keras.Model, kernels: Kernels) -> keras.optimizers.Optimizer:
    return build_adam(model, learning_rate, kernels=kernels, **settings.adam.model_dump())


def _move(
    optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable], tape: tf.GradientTape, loss: tf.Tensor
) -> None:
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    # Dense, since Keras 3.15's Adam squares an embedding's slices one by one, not the sum of those of one digit.
    optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], variables)
