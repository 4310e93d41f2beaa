"""Child process: Keras' `mnist_acgan` in its own way, `train_on_batch` and `predict` in a Python loop.

Its networks are the pipeline's, built as it builds them; the loop is the published one, for comparison.
"""

import os
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import UNTOUCHED
from benchmarks.measuring.serving import Answer, peak_memory, serve

CLASSES = 10


class Example:
    """The published training loop.

    Args:
        settings: The AC-GAN's block of settings, as plain values.
        data: The file of MNIST.
    """

    def __init__(self, settings: dict[str, Any], data: str) -> None:
        self._settings = settings
        self.images = int(settings["batch_size"])
        with np.load(data) as archive:
            images, self._labels = archive["x_train"], archive["y_train"].astype(np.int32)
        self._images = ((images.astype(np.float32) - 127.5) / 127.5)[..., np.newaxis]
        self._draw = np.random.default_rng(0)
        self._taken = 0
        self._build()

    def take_step(self) -> None:
        """Trains the discriminator on real and generated images, then the generator through it on twice as many."""
        count, label = self._settings["batch_size"], self._settings["soft_label"]
        start = self._taken * count % (len(self._images) - count + 1)
        real, digits = self._images[start : start + count], self._labels[start : start + count]
        asked = self._pairs(count)
        generated = self.generator.predict(asked, verbose=0)
        weight = self._settings["auxiliary_weight"]
        self.discriminator.train_on_batch(
            {"image": np.concatenate((real, generated))},
            {
                "generation": _halves(label, count)[:, np.newaxis],
                "auxiliary": np.concatenate((digits, asked["digit"][:, 0])),
            },
            sample_weight={
                "generation": np.ones(2 * count, np.float32),
                "auxiliary": _halves(weight, count),
            },
        )
        fresh = self._pairs(2 * count)
        trick = np.full((2 * count, 1), label["trick"], np.float32)
        self._train_generator(fresh, {"generation": trick, "auxiliary": fresh["digit"][:, 0]})
        self._taken += 1

    def _train_generator(self, pairs: dict[str, Any], targets: dict[str, Any]) -> None:
        # Keras 3 reads `trainable` when a model first trains: frozen any earlier, the discriminator never learns.
        self.discriminator.trainable = False
        self.combined.train_on_batch(pairs, targets)

    def _pairs(self, count: int) -> dict[str, NDArray[Any]]:
        latent = self._draw.uniform(-1, 1, (count, self._settings["latent_size"])).astype(np.float32)
        return {"latent": latent, "digit": self._draw.integers(0, CLASSES, (count, 1)).astype(np.int32)}

    def _build(self) -> None:
        import keras

        from pipeline.models.discriminator import build_discriminator
        from pipeline.models.generator import build_generator
        from pipeline.settings.acgan import AcganSettings

        settings = AcganSettings.model_validate(self._settings)
        latent_size, losses = settings.latent_size, ["binary_crossentropy", "sparse_categorical_crossentropy"]
        self.generator = build_generator(settings.generator, latent_size=latent_size, seed=0)
        self.discriminator = build_discriminator(settings.discriminator, seed=0)
        latent, digit = keras.Input((latent_size,), name="latent"), keras.Input((1,), dtype="int32", name="digit")
        inputs = {"latent": latent, "digit": digit}
        outputs = self.discriminator({"image": self.generator(inputs)})
        self.combined = keras.Model(inputs, outputs)
        for model, rate in (
            (self.discriminator, settings.discriminator.learning_rate),
            (self.combined, settings.generator.learning_rate),
        ):
            adam = keras.optimizers.Adam(rate, beta_1=settings.adam.beta_1, beta_2=settings.adam.beta_2)
            model.compile(adam, dict(zip(("generation", "auxiliary"), losses, strict=True)))


def _halves(values: dict[str, float], count: int) -> NDArray[np.float32]:
    return np.repeat(np.array([values["real"], values["generated"]], np.float32), count)


def main() -> None:
    """Serves requests for steps; the first brings the settings."""
    examples: list[Example] = []

    def answer(request: Answer) -> Answer:
        if not examples:
            import pipeline  # noqa: F401

            # The pipeline makes TensorFlow faster than a user of the example would find it.
            os.environ.clear()
            os.environ.update(UNTOUCHED)
            examples.append(Example(request["settings"], request["data"]))
        seconds = []
        for _ in range(int(request.get("steps", 0))):
            started = time.perf_counter()
            examples[0].take_step()
            seconds.append(time.perf_counter() - started)
        return {"seconds": seconds, "images": examples[0].images, "memory": peak_memory()}

    serve(answer)


if __name__ == "__main__":
    main()
