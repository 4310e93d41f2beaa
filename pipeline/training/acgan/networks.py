"""The two networks of the AC-GAN in training, with their optimisers and the generator's average."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from pipeline.kernels.accelerate import accelerate
from pipeline.kernels.adam import FusedAdam
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import AcganSettings


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


def build_networks(settings: AcganSettings, *, seed: int) -> Networks:
    """Builds both networks, and all variables of their optimisers, so that no step creates a variable."""
    generator = build_generator(settings.generator, latent_size=settings.latent_size, seed=seed)
    averaged, generate = generator, accelerate(generator)
    generate_averaged = generate
    if settings.averaged:
        averaged = build_generator(settings.generator, latent_size=settings.latent_size, seed=seed)
        generate_averaged = accelerate(averaged)
    discriminator = build_discriminator(settings.discriminator, seed=seed)
    return Networks(
        generator=generator,
        generate=generate,
        discriminator=discriminator,
        discriminate=accelerate(discriminator, dropout_bits=16 if settings.recipe == "shared" else 32),
        generator_optimizer=_adam(settings, settings.generator.learning_rate, generator),
        discriminator_optimizer=_adam(settings, settings.discriminator.learning_rate, discriminator),
        averaged=averaged,
        generate_averaged=generate_averaged,
    )


def _adam(settings: AcganSettings, learning_rate: float, model: keras.Model) -> keras.optimizers.Optimizer:
    optimizer = FusedAdam(learning_rate, **settings.adam.model_dump())
    optimizer.build(model.trainable_variables)
    return optimizer


def _move(
    optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable], tape: tf.GradientTape, loss: tf.Tensor
) -> None:
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    # Dense, since Keras 3.15's Adam squares an embedding's slices one by one, not the sum over those of one digit.
    optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], variables)
