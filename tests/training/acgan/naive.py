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
from pipeline.data.dataset import Splits
from pipeline.data.keys import Key, train_key
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.images import DIGITS

Losses = dict[Key, float]
Chosen = Sequence[tuple[int, tuple[Any, Any, int]]]


@dataclass
class Adam:
    """Adam after Kingma & Ba 2015, algorithm 1 in the order of computation given at the end of its section 2.

    Gradients whose norm together is above `global_clipnorm` are scaled down to it first (Pascanu et al. 2013).
    """

    learning_rate: float
    beta_1: float
    beta_2: float
    global_clipnorm: float | None = None
    decay_steps: int | None = None
    decay_to: float = 1.0
    steps: int = 0
    first: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    second: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def rate(self) -> float:
        """Half a cosine from the learning rate, in the first step, to a share of it."""
        if self.decay_steps is None:
            return self.learning_rate
        done = min((self.steps - 1) / self.decay_steps, 1.0)
        return self.learning_rate * float(self.decay_to + (1 - self.decay_to) * (1 + np.cos(np.pi * done)) / 2)

    def move(self, variables: Sequence[keras.Variable], gradients: Sequence[Any]) -> None:
        self.steps += 1
        rate = self.rate() * np.sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
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
        self.generator = build_generator(settings.generator, latent_size=latent_size, seed=seed, format=DIGITS)
        self.average = build_generator(settings.generator, latent_size=latent_size, seed=seed, format=DIGITS)
        self.discriminator = build_discriminator(settings.discriminator, seed=seed, format=DIGITS)
        if settings.recipe == "shared":
            for layer in self.discriminator.layers:
                if isinstance(layer, keras.layers.Dropout):
                    layer.call = partial(drop_by_sixteen_bits, layer)
        adam = settings.adam.model_dump() | {"decay_steps": settings.decay_steps, "decay_to": settings.decay_to}
        self.candidates: list[tuple[Any, Any, int]] = []
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
        return losses | self._move_generator(step, fresh)

    def take_shared_step(self, step: int) -> Losses:
        """Makes the generated images anew for the second update: the same ones, since the generator has not moved."""
        size = self.settings.batch_size
        pairs = self.pairs(step, 0, self.settings.generator.batches)
        chosen = self._choose(step)
        before = self.generator.get_weights()
        generated = np.asarray(self.generator(self._made_of(step, pairs, chosen), training=True))
        self.generator.set_weights(before)
        losses = self._move_discriminator(step, generated[:size], pairs["digit"][:size])
        losses |= self._move_generator(step, pairs, chosen)
        made = zip(generated[:size], pairs["latent"], pairs["digit"][:, 0], strict=False)
        kept = self.settings.generator.likelihood.candidates
        self.candidates = [*self.candidates, *made][-kept:]
        steps = self.generator_adam.steps
        decay = min(self.settings.generator.moving_average, steps / (steps + 9))
        weights = zip(self.average.get_weights(), self.generator.get_weights(), strict=True)
        self.average.set_weights([decay * average + (1 - decay) * current for average, current in weights])
        return losses

    def _choose(self, step: int) -> Chosen:
        """For the real images that are furthest from any candidate of their digit: position and the nearest one."""
        settings = self.settings.generator.likelihood
        found = []
        for number, (image, digit) in enumerate(zip(*self.real(step), strict=True)):
            same = [candidate for candidate in self.candidates if candidate[2] == digit[0]]
            squares = [np.sum((halved(image) - halved(candidate[0])) ** 2) for candidate in same]
            if same:
                nearest = int(np.argmin(squares))
                found.append((squares[nearest], number, same[nearest]))
        found.sort(key=lambda each: -each[0])
        return [(number, candidate) for _, number, candidate in found[: settings.images if settings.weight else 0]]

    def _made_of(self, step: int, pairs: dict[str, NDArray[Any]], chosen: Chosen) -> dict[str, NDArray[Any]]:
        """The pairs and those of the chosen; in the first step latents of zeros and the first real images' digits."""
        settings = self.settings.generator.likelihood
        if not settings.weight:
            return pairs
        latents = [candidate[1] for _, candidate in chosen] or np.zeros((settings.images, self.settings.latent_size))
        digits = [[candidate[2]] for _, candidate in chosen] or self.real(step)[1][: settings.images]
        assert len(latents) == settings.images, "too few candidates for this comparison"
        return {
            "latent": np.concatenate([pairs["latent"], latents]).astype(np.float32),
            "digit": np.concatenate([pairs["digit"], digits]).astype(np.int32),
        }

    def _move_discriminator(self, step: int, generated: Any, generated_digits: NDArray[Any]) -> Losses:
        images, digits = self.real(step)
        size = len(images)
        label, weight = self.settings.soft_label, self.settings.auxiliary_weight
        target = np.array([[label.real]] * size + [[label.generated]] * size, "float32")
        weights = np.array([weight.real] * size + [weight.generated] * size, "float32")
        with tf.GradientTape() as tape:
            outputs = self.discriminator({"image": np.concatenate([images, generated])}, training=True)
            losses = plain_losses(outputs, target, np.concatenate([digits, generated_digits]), weights)
            loss = losses[0] + losses[1] + self._penalty(step, np.concatenate([images, generated]))
        variables = self.discriminator.trainable_variables
        self.discriminator_adam.move(variables, tape.gradient(loss, [variable.value for variable in variables]))
        return named("discriminator", *losses)

    def _penalty(self, step: int, images: NDArray[Any]) -> Any:
        settings = self.settings.discriminator
        if step % settings.penalty_every:
            return 0.0
        shown = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(shown)
            real = self.discriminator({"image": shown})["generation"]
            logits = tf.math.log(real) - tf.math.log(1 - real)
        squares = tf.reduce_sum(tape.gradient(logits, shown) ** 2) / len(images)
        return settings.gradient_penalty * settings.penalty_every * squares

    def _energy_distance(self, step: int, generated: Any, asked: NDArray[Any], dropping: bool) -> Any:
        """In features that a model of their own takes from the discriminator's layers, pair by pair."""
        features = keras.Model(self.discriminator.input, self.discriminator.get_layer("flatten").output)
        images, digits = self.real(step)
        real, made = (features({"image": shown}, training=dropping) for shown in (images, generated))
        between = _pairs(real, made, digits, asked, same=False)
        among = _pairs(made, made, asked, asked, same=True)
        scale = tf.stop_gradient(_pairs(real, real, digits, digits, same=True))
        return (2 * between - among) / scale - 1 if scale > 0 else tf.constant(-1.0)

    def _pull(self, step: int, generated: Any, chosen: Chosen) -> Any:
        if not chosen:
            return 0.0
        features = keras.Model(self.discriminator.input, self.discriminator.get_layer("flatten").output)
        real = features({"image": self.real(step)[0][[number for number, _ in chosen]]})
        squares = tf.reduce_sum((features({"image": generated}) - real) ** 2)
        return squares / tf.reduce_sum(tf.stop_gradient(real) ** 2)

    def _move_generator(self, step: int, pairs: dict[str, NDArray[Any]], chosen: Chosen = ()) -> Losses:
        count = len(pairs["digit"])
        target = np.full((count, 1), self.settings.soft_label.trick, "float32")
        settings = self.settings.generator
        weight = settings.energy_distance
        with tf.GradientTape() as tape:
            dropping = self.settings.discriminator.dropout_in_generator_update
            made = self.generator(self._made_of(step, pairs, chosen), training=True)
            generated, pulled = made[:count], made[count:]
            outputs = self.discriminator({"image": generated}, training=dropping)
            weights = np.full(count, self.settings.auxiliary_weight.trick, "float32")
            losses = plain_losses(outputs, target, pairs["digit"], weights)
            distance = self._energy_distance(step, generated, pairs["digit"], dropping) if weight else 0.0
            pull = self._pull(step, pulled, chosen)
            loss = losses[0] + losses[1] + weight * distance + settings.likelihood.weight * pull
        variables = self.generator.trainable_variables
        self.generator_adam.move(variables, tape.gradient(loss, [variable.value for variable in variables]))
        terms = {"energy_distance": distance} if weight else {}
        terms |= {"likelihood_loss": pull} if settings.likelihood.weight else {}
        further = {train_key(name, "generator"): float(term) for name, term in terms.items()}
        return named("generator", *losses) | further


def _pairs(left: Any, right: Any, left_digit: Any, right_digit: Any, *, same: bool) -> Any:
    """Mean distance of those that show the same digit, without an image's distance to itself; 0 without any."""
    distances = [
        tf.sqrt(tf.reduce_sum((one - other) ** 2) + 1e-3)
        for i, one in enumerate(left)
        for j, other in enumerate(right)
        if left_digit[i, 0] == right_digit[j, 0] and not (same and i == j)
    ]
    return tf.reduce_mean(distances) if distances else tf.constant(0.0)


def halved(image: Any) -> Any:
    """Means of two by two grey values."""
    return np.asarray(image)[..., 0].reshape(14, 2, 14, 2).mean(axis=(1, 3))


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
