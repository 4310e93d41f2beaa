"""The two networks of the AC-GAN in training, with their optimisers and the generator's average."""

from dataclasses import dataclass
from typing import Literal

import keras
import tensorflow as tf

from pipeline.kernels.accelerate import accelerate
from pipeline.kernels.adam import build_adam
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.compute import Kernels


@dataclass(frozen=True)
class Networks:
    """The generator, the discriminator, their optimisers and the generator's average.

    Attributes:
        generator: From latent and digit to image.
        generate: The generator over the same weights, with the fast kernels.
        discriminator: From image to probability of being real and of each digit.
        discriminate: The discriminator over the same weights, with the fast kernels.
        generator_optimizer: Adam of the generator.
        discriminator_optimizer: Adam of the discriminator.
        averaged: The generator that is saved and judged: its moving average, or the generator itself if none is kept.
        generate_averaged: `averaged` over the same weights, with the fast kernels.
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
        """Takes one step of the optimiser on the weights of the generator alone."""
        _move(self.generator_optimizer, self.generator.trainable_variables, tape, loss)

    def move_discriminator(self, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """Takes one step of the optimiser on the weights of the discriminator alone."""
        _move(self.discriminator_optimizer, self.discriminator.trainable_variables, tape, loss)

    def update_average(self, decay: float) -> None:
        """Moves the averaged generator towards the generator, with the statistics of batch normalisation.

        Args:
            decay: Share of itself that the average keeps per step, in [0, 1). After t steps it keeps at most
                t / (t + 9), so that the random initial weights soon lose their influence; TensorFlow 1's
                `ExponentialMovingAverage` does the same.
        """
        steps = tf.cast(self.generator_optimizer.iterations, tf.float32)
        decay = tf.minimum(decay, steps / (steps + 9))
        for average, current in zip(self.averaged.weights, self.generator.weights, strict=True):
            average.assign(decay * average + (1 - decay) * current)


def build_networks(settings: AcganSettings, *, seed: int, kernels: Kernels = "fast") -> Networks:
    """Builds both networks, and all variables of their optimisers, so that no step creates a variable.

    Args:
        settings: Networks, recipe and optimisers.
        seed: Decides the initial weights and the draws of dropout.
        kernels: What a step computes with; with `plain` it calls Keras' own layers.
    """
    generator = build_generator(settings.generator, latent_size=settings.latent_size, seed=seed)
    averaged, generate = generator, _accelerated(generator, kernels)
    generate_averaged = generate
    if settings.averaged:
        averaged = build_generator(settings.generator, latent_size=settings.latent_size, seed=seed)
        generate_averaged = _accelerated(averaged, kernels)
    discriminator = build_discriminator(settings.discriminator, seed=seed)
    dropout_bits: Literal[16, 32] = 16 if settings.recipe == "shared" else 32
    return Networks(
        generator=generator,
        generate=generate,
        discriminator=discriminator,
        discriminate=_accelerated(discriminator, kernels, dropout_bits),
        generator_optimizer=_adam(settings, settings.generator.learning_rate, generator, kernels),
        discriminator_optimizer=_adam(settings, settings.discriminator.learning_rate, discriminator, kernels),
        averaged=averaged,
        generate_averaged=generate_averaged,
    )


def _accelerated(model: keras.Model, kernels: Kernels, dropout_bits: Literal[16, 32] = 32) -> keras.Model:
    return accelerate(model, dropout_bits=dropout_bits) if kernels == "fast" else model


def _adam(
    settings: AcganSettings, learning_rate: float, model: keras.Model, kernels: Kernels
) -> keras.optimizers.Optimizer:
    return build_adam(model, learning_rate, kernels=kernels, **settings.adam.model_dump())


def _move(
    optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable], tape: tf.GradientTape, loss: tf.Tensor
) -> None:
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    # Dense, since Keras 3.15's Adam squares an embedding's slices one by one, not the sum over those of one digit.
    optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], variables)
