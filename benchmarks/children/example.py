"""Child process: Keras' `mnist_acgan` in its own way, `train_on_batch` and `predict` in a Python loop.

Its networks are the pipeline's, built as it builds them; the loop is the published one, for comparison.
"""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import UNTOUCHED
from benchmarks.children.serving import Answer, answer_steps
from pipeline.settings.acgan import AcganSettings, AuxiliaryWeight, SoftLabel
from pipeline.settings.images import DIGITS

CLASSES = 10
LOSSES = {"generation": "binary_crossentropy", "auxiliary": "sparse_categorical_crossentropy"}


class Example:
    """The published training loop, by the AC-GAN's block of settings as plain values."""

    def __init__(self, values: dict[str, Any], data: str) -> None:
        import keras

        from pipeline.composition.join import nest
        from pipeline.models.discriminator import build_discriminator
        from pipeline.models.generator import build_generator

        self._settings = settings = AcganSettings.model_validate(values)
        with np.load(data) as archive:
            images, self._labels = archive["x_train"], archive["y_train"].astype(np.int32)
        self._images = ((images.astype(np.float32) - 127.5) / 127.5)[..., np.newaxis]
        self._draw = np.random.default_rng(0)
        self.generator = build_generator(settings.generator, latent_size=settings.latent_size, seed=0, format=DIGITS)
        self.discriminator = build_discriminator(settings.discriminator, seed=0, format=DIGITS)
        self.combined = nest(self.generator, self.discriminator, name="combined")
        for model, block in ((self.discriminator, settings.discriminator), (self.combined, settings.generator)):
            model.compile(
                keras.optimizers.Adam(block.learning_rate, settings.adam.beta_1, settings.adam.beta_2), LOSSES
            )

    def take_step(self, step: int) -> None:
        """Trains the discriminator on real and generated images, then the generator through it on twice as many."""
        count, label = self._settings.batch_size, self._settings.soft_label
        start = step * count % (len(self._images) - count + 1)
        real, digits = self._images[start : start + count], self._labels[start : start + count]
        asked = self.draw_pairs(count)
        generated = self.generator.predict(asked, verbose=0)
        classes, ones = np.concatenate((digits, asked["digit"][:, 0])), np.ones(2 * count, np.float32)
        self.discriminator.train_on_batch(
            {"image": np.concatenate((real, generated))},
            {"generation": _halves(label, count)[:, np.newaxis], "auxiliary": classes},
            sample_weight={"generation": ones, "auxiliary": _halves(self._settings.auxiliary_weight, count)},
        )
        self.train_generator(self.draw_pairs(2 * count))

    def train_generator(self, pairs: dict[str, Any]) -> None:
        """Trains the generator through the frozen discriminator."""
        # Keras 3 reads `trainable` when a model first trains: frozen any earlier, the discriminator never learns.
        self.discriminator.trainable = False
        trick = np.full((len(pairs["digit"]), 1), self._settings.soft_label.trick, np.float32)
        self.combined.train_on_batch(pairs, {"generation": trick, "auxiliary": pairs["digit"][:, 0]})

    def draw_pairs(self, count: int) -> dict[str, NDArray[Any]]:
        """Draws what the generator is fed."""
        latent = self._draw.uniform(-1, 1, (count, self._settings.latent_size)).astype(np.float32)
        return {"latent": latent, "digit": self._draw.integers(0, CLASSES, (count, 1)).astype(np.int32)}


def _halves(values: SoftLabel | AuxiliaryWeight, count: int) -> NDArray[np.float32]:
    return np.repeat(np.array([values.real, values.generated], np.float32), count)


def build(request: Answer) -> Example:
    """Builds the example in the environment that a user of it would have."""
    # The pipeline makes TensorFlow faster than a user of the example would find it.
    os.environ.clear()
    os.environ.update(UNTOUCHED)
    return Example(request["settings"], request["data"])


answer = answer_steps(build)
