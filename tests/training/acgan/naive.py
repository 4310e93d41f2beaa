"""The two recipes once more, written as plainly as they can be: to compare with, slow, and of no use else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.data.batches import batch_indices, draw_pairs
from pipeline.data.keys import Key, train_key
from pipeline.data.mnist import Splits
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import AcganSettings

Losses = dict[Key, float]


@dataclass
class Adam:
    """Adam after Kingma & Ba 2015, algorithm 1 in the order of computation given at the end of its section 2.

    Gradients whose norm together is above `global_clipnorm` are scaled down to it first (Pascanu et al. 2013).
    """

    learning_rate: float
    beta_1: float
    beta_2: float
    global_clipnorm: float | None = None
    steps: int = 0
    first: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    second: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def move(self, variables: Sequence[keras.Variable], gradients: Sequence[Any]) -> None:
        self.steps += 1
        rate = self.learning_rate * np.sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
        slopes = [np.asarray(tf.convert_to_tensor(gradient), np.float64) for gradient in gradients]
        norm = np.sqrt(sum(np.sum(slope**2) for slope in slopes))
        scale = min(1.0, self.global_clipnorm / norm) if self.global_clipnorm else 1.0
        for number, (variable, gradient) in enumerate(zip(variables, slopes, strict=True)):
            slope = scale * gradient
            self.first[number] = self.beta_1 * self.first.get(number, 0.0) + (1 - self.beta_1) * slope
            self.second[number] = self.beta_2 * self.second.get(number, 0.0) + (1 - self.beta_2) * slope**2
            variable.assign(variable - rate * self.first[number] / (np.sqrt(self.second[number]) + 1e-7))


class Naive:
    """Networks of their own with the weights that a seed gives, moved by tapes without any compiled function."""

    def __init__(self, settings: AcganSettings, splits: Splits, *, seed: int) -> None:
        self.settings, self.train, self.seed = settings, splits.train, seed
        latent_size = settings.latent_size
        self.generator = build_generator(settings.generator, latent_size=latent_size, seed=seed)
        self.average = build_generator(settings.generator, latent_size=latent_size, seed=seed)
        self.discriminator = build_discriminator(settings.discriminator, seed=seed)
        if settings.recipe == "shared":
            for layer in self.discriminator.layers:
                if isinstance(layer, keras.layers.Dropout):
                    layer.call = partial(drop_by_sixteen_bits, layer)
        adam = settings.adam.model_dump()
        self.generator_adam = Adam(settings.generator.learning_rate, **adam)
        self.discriminator_adam = Adam(settings.discriminator.learning_rate, **adam)

    def real(self, step: int) -> tuple[NDArray[Any], NDArray[Any]]:
        size = self.settings.batch_size
        chosen = batch_indices(self.seed, step, batch_size=size, count=len(self.train))
        images = (self.train.images[chosen].astype("float32") - 127.5) / 127.5
        return images[..., None], self.train.labels[chosen].astype("int32")[:, None]

    def pairs(self, step: int, stream: int, batches: int) -> dict[str, NDArray[Any]]:
        count, latent_size = self.settings.batch_size * batches, self.settings.latent_size
        latent, digit = draw_pairs(self.seed, step, stream, count=count, latent_size=latent_size)
        return {"latent": latent, "digit": digit}

    def take_original_step(self, step: int) -> Losses:
        pairs, fresh = self.pairs(step, 0, 1), self.pairs(step, 1, 2)
        losses = self._move_discriminator(step, self.generator(pairs, training=False), pairs["digit"])
        return losses | self._move_generator(fresh)

    def take_shared_step(self, step: int) -> Losses:
        """Makes the generated images anew for the second update: the same ones, since the generator has not moved."""
        size = self.settings.batch_size
        pairs = self.pairs(step, 0, self.settings.generator.batches)
        before = self.generator.get_weights()
        generated = np.asarray(self.generator(pairs, training=True))
        self.generator.set_weights(before)
        losses = self._move_discriminator(step, generated[:size], pairs["digit"][:size])
        losses |= self._move_generator(pairs)
        steps = self.generator_adam.steps
        decay = min(self.settings.generator.moving_average, steps / (steps + 9))
        weights = zip(self.average.get_weights(), self.generator.get_weights(), strict=True)
        self.average.set_weights([decay * average + (1 - decay) * current for average, current in weights])
        return losses

    def _move_discriminator(self, step: int, generated: Any, generated_digits: NDArray[Any]) -> Losses:
        images, digits = self.real(step)
        size = len(images)
        label, weight = self.settings.soft_label, self.settings.auxiliary_weight
        target = np.array([[label.real]] * size + [[label.generated]] * size, "float32")
        weights = np.array([weight.real] * size + [weight.generated] * size, "float32")
        with tf.GradientTape() as tape:
            outputs = self.discriminator({"image": np.concatenate([images, generated])}, training=True)
            losses = plain_losses(outputs, target, np.concatenate([digits, generated_digits]), weights)
            loss = losses[0] + losses[1]
        variables = self.discriminator.trainable_variables
        self.discriminator_adam.move(variables, tape.gradient(loss, [variable.value for variable in variables]))
        return named("discriminator", *losses)

    def _move_generator(self, pairs: dict[str, NDArray[Any]]) -> Losses:
        count = len(pairs["digit"])
        target = np.full((count, 1), self.settings.soft_label.trick, "float32")
        with tf.GradientTape() as tape:
            dropping = self.settings.discriminator.dropout_in_generator_update
            outputs = self.discriminator({"image": self.generator(pairs, training=True)}, training=dropping)
            losses = plain_losses(outputs, target, pairs["digit"], np.ones(count, "float32"))
            loss = losses[0] + losses[1]
        variables = self.generator.trainable_variables
        self.generator_adam.move(variables, tape.gradient(loss, [variable.value for variable in variables]))
        return named("generator", *losses)


def drop_by_sixteen_bits(layer: keras.layers.Dropout, features: Any, *, training: bool = False) -> Any:
    """Dropout that takes the low and the high half of each random word for two numbers."""
    if not training or not layer.rate:
        return features
    seed = tf.cast(layer.seed_generator.next(), tf.int64)
    words = tf.random.stateless_uniform([tf.size(features) // 2], seed, None, None, tf.uint32).numpy()
    halves = np.stack([words % 65_536, words // 65_536], axis=1).reshape(features.shape)
    dropped = round(layer.rate * 65_536)
    return features * tf.constant(halves >= dropped, tf.float32) / (1 - dropped / 65_536)


def plain_losses(outputs: Any, target: Any, digits: Any, weights: Any) -> tuple[Any, Any]:
    """Binary and categorical cross-entropy from their definitions, over the number of images."""
    real = outputs["generation"]
    generation = -(target * tf.math.log(real) + (1 - target) * tf.math.log(1 - real))
    asked = tf.reduce_sum(tf.one_hot(digits[:, 0], 10) * outputs["auxiliary"], axis=1)
    return tf.reduce_sum(generation) / len(target), tf.reduce_sum(weights * -tf.math.log(asked)) / len(weights)


def named(component: str, generation: Any, auxiliary: Any) -> Losses:
    """Losses under the names of a step's."""
    return {
        train_key("loss", component): float(generation + auxiliary),
        train_key("generation_loss", component): float(generation),
        train_key("auxiliary_loss", component): float(auxiliary),
    }
