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

    def update_average(self, decay: float) -> None:
        """Moves the averaged generator towards the generator, with the statistics of batch normalisation.

        The average keeps the share `decay`, in [0, 1), of itself per step. After t steps it keeps at most t / (t + 9),
        so that the random initial weights lose influence soon, as in TensorFlow 1's `ExponentialMovingAverage`.
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
    generate = _accelerated(generator, kernels)
    averaged, generate_averaged = generator, generate
    if settings.averaged:
        averaged = build_generator(settings.generator, latent_size=settings.latent_size, seed=seed)
        generate_averaged = _accelerated(averaged, kernels)
    discriminator = build_discriminator(settings.discriminator, seed=seed)
    options = settings.adam.model_dump() | {"kernels": kernels}
    return Networks(
        generator=generator,
        generate=generate,
        discriminator=discriminator,
        discriminate=_accelerated(discriminator, kernels, 16 if settings.recipe == "shared" else 32),
        generator_optimizer=build_adam(generator, settings.generator.learning_rate, **options),
        discriminator_optimizer=build_adam(discriminator, settings.discriminator.learning_rate, **options),
        averaged=averaged,
        generate_averaged=generate_averaged,
    )


def _accelerated(model: keras.Model, kernels: Kernels, dropout_bits: Literal[16, 32] = 32) -> keras.Model:
    return accelerate(model, dropout_bits=dropout_bits) if kernels == "fast" else model


def move(model: keras.Model, optimizer: keras.optimizers.Optimizer, tape: tf.GradientTape, loss: tf.Tensor) -> None:
    """Takes one step of an optimiser on the weights of a model alone, by the gradients of a loss on a tape."""
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    # Dense, since Keras 3.15's Adam squares an embedding's slices one by one, not the sum over those of one digit.
    optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], variables)
