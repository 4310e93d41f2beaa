"""The two networks of the AC-GAN in training, with their optimisers and the generator's average."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import tensorflow as tf

from pipeline.kernels.accelerate import DropoutBits, accelerate
from pipeline.kernels.adam import build_adam
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.compute import Kernels
from pipeline.settings.images import ImageFormat
from pipeline.training.acgan.likelihood import Candidates

FEATURES = "features"


@dataclass(frozen=True)
class Networks:
    """The generator, the discriminator, their optimisers and the generator's average.

    Attributes:
        generator: From latent and digit to image.
        generate: The generator over the same weights, with the fast kernels.
        discriminator: From image to probability of being real and of each digit.
        discriminate: The discriminator over the same weights, with the fast kernels.
        perceive: The same with one more output, `features` `(n, d)`: what its last two layers see.
        generator_optimizer: Adam of the generator.
        discriminator_optimizer: Adam of the discriminator.
        averaged: The generator that is saved and judged: its moving average, or the generator itself if none is kept.
        generate_averaged: `averaged` over the same weights, with the fast kernels.
        candidates: The latest generated images, where they are needed.
    """

    generator: keras.Model
    generate: keras.Model
    discriminator: keras.Model
    discriminate: keras.Model
    perceive: keras.Model
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    averaged: keras.Model
    generate_averaged: keras.Model
    candidates: Candidates | None

    def logit(self, images: tf.Tensor) -> tf.Tensor:
        """Returns `generation` of images before the sigmoid, `(n, 1)`; it has second derivatives."""
        layer = self.discriminator.get_layer("generation")
        seen = tf.cast(self.perceive({"image": images}, training=False)[FEATURES], tf.float32)
        return tf.matmul(seen, layer.kernel.value) + layer.bias.value

    def update_average(self, decay: float) -> None:
        """Moves the averaged generator towards the generator, with the statistics of batch normalisation.

        The average keeps the share `decay`, in [0, 1), of itself per step. After t steps it keeps at most t / (t + 9),
        so that the random initial weights lose influence soon, as in TensorFlow 1's `ExponentialMovingAverage`.
        """
        steps = tf.cast(self.generator_optimizer.iterations, tf.float32)
        decay = tf.minimum(decay, steps / (steps + 9))
        for average, current in zip(self.averaged.weights, self.generator.weights, strict=True):
            average.assign(decay * average + (1 - decay) * current)


def build_networks(settings: AcganSettings, *, seed: int, kernels: Kernels = "fast", format: ImageFormat) -> Networks:
    """Builds both networks, and all variables of their optimisers, so that no step creates a variable.

    Args:
        settings: Networks, recipe and optimisers.
        seed: Decides the initial weights and the draws of dropout.
        kernels: What a step computes with; with `plain` it calls Keras' own layers.
        format: The form of the images.
    """
    size = settings.latent_size
    generator = build_generator(settings.generator, latent_size=size, seed=seed, format=format)
    generate = accelerate(generator, kernels)
    averaged, generate_averaged = generator, generate
    if settings.averaged:
        averaged = build_generator(settings.generator, latent_size=size, seed=seed, format=format)
        generate_averaged = accelerate(averaged, kernels)
    discriminator = build_discriminator(settings.discriminator, seed=seed, format=format)
    features = discriminator.get_layer("flatten").output
    perceiving = keras.Model(discriminator.input, {**discriminator.output, FEATURES: features}, name="perceive")
    dropout_bits: DropoutBits = 16 if settings.recipe == "shared" else 32
    options = settings.adam.model_dump() | {"kernels": kernels}
    return Networks(
        generator=generator,
        generate=generate,
        discriminator=discriminator,
        discriminate=accelerate(discriminator, kernels, dropout_bits=dropout_bits),
        perceive=accelerate(perceiving, kernels, dropout_bits=dropout_bits),
        generator_optimizer=build_adam(generator, _falling(settings.generator.learning_rate, settings), **options),
        discriminator_optimizer=build_adam(
            discriminator, _falling(settings.discriminator.learning_rate, settings), **options
        ),
        averaged=averaged,
        generate_averaged=generate_averaged,
        candidates=Candidates(settings.likelihood, latent_size=size, format=format) if settings.likelihood else None,
    )


def _falling(rate: float, settings: AcganSettings) -> keras.optimizers.schedules.LearningRateSchedule:
    """A cosine (Loshchilov & Hutter 2017, arXiv 1608.03983) to a share of the rate, or the rate itself throughout."""
    steps, share = (1, 1.0) if settings.decay_steps is None else (settings.decay_steps, settings.decay_to)
    return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=share)


@contextmanager
def recording(model: keras.Model) -> Iterator[tf.GradientTape]:
    """Records what a loss owes to the trainable weights of a model alone."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(_weights(model))
        yield tape


def gradients(model: keras.Model, tape: tf.GradientTape, loss: tf.Tensor) -> list[tf.Tensor]:
    """Returns the gradients of a loss by the trainable weights of a model, 0 for those that it does not depend on.

    They are dense, since Keras 3.15's Adam squares an embedding's slices one by one, not the sum over those of a digit.
    """
    found = tape.gradient(loss, _weights(model), unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [tf.convert_to_tensor(gradient) for gradient in found]


def _weights(model: keras.Model) -> list[tf.Variable]:
    return [variable.value for variable in model.trainable_variables]
