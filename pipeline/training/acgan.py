"""The AC-GAN in training, and its figures and pictures afterwards."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.data.batches import batch_indices, draw_pairs
from pipeline.data.columns import available_rows, class_columns
from pipeline.data.mnist import Images, Splits, scaled
from pipeline.models.composition import join
from pipeline.settings.acgan import Settings as AcganSettings
from pipeline.settings.composed import Settings
from pipeline.training.collapse import describe_collapse
from pipeline.training.family import (
    Examples,
    Family,
    Generated,
    Parts,
    Picture,
    Pictures,
    Report,
    Training,
    Values,
    named_variables,
)
from pipeline.training.heldout import losses_on
from pipeline.training.networks import build_networks
from pipeline.training.recipes import RECIPES, Pairs, RealImages, StepLosses

UPDATES, FRESH, REPORTS, SAMPLES, EVALUATION, MEASURED, EVALUATED = range(7)
SAMPLE_ROWS = 10
GENERATED_AT_ONCE = 250
CLASSES = 10


class AcganTraining(Training):
    """Generator and discriminator, trained against each other.

    Args:
        settings: What the command is set to.
        splits: The data; the training images stay in memory as uint8.
    """

    def __init__(self, settings: Settings, splits: Splits) -> None:
        self.seed = settings.seed
        self.settings = _acgan(settings)
        self.splits = splits
        self.images_per_step = self.settings.batch_size
        self.images_per_epoch = len(splits.train.labels)
        self.networks = build_networks(self.settings, seed=self.seed, kernels=settings.compute.kernels)
        self._combined = join(self.networks.averaged, self.networks.discriminator, name="combined")
        self._recipe = RECIPES[self.settings.recipe]
        self._step = tf.function(self._compute_step, jit_compile=settings.compute.xla)

    def take_step(self, step: int) -> Values:
        """Takes one step of the recipe; see `Training`."""
        train, size = self.splits.train, self.settings.batch_size
        chosen = batch_indices(self.seed, step, batch_size=size, count=self.images_per_epoch)
        pairs, fresh = self._draw(step)
        losses = self._step(train.images[chosen], train.labels[chosen], pairs, fresh)
        return {
            f"train/{component}/{name}": value
            for component, output in losses._asdict().items()
            for name, value in output.named().items()
        }

    def report(self, step: int, recent: Values) -> Report:
        """Scores held-out images; see `Training`.

        It has no score: the generator's loss falls when the discriminator gets worse, so that a judge has to choose.
        """
        count = self.settings.report_images
        images = Images(self.splits.held_out.images[:count], self.splits.held_out.labels[:count])
        quick = {"generator": self.networks.generate_averaged, "discriminator": self.networks.discriminate}
        scored = losses_on(quick, images, self.settings, seed=self.seed, stream=REPORTS, batch_size=250)
        values = {f"heldout/{key}": value for key, value in scored.items()}
        return Report(
            step=step,
            values=values,
            score=None,
            warnings=describe_collapse(recent, self.settings),
        )

    def samples(self) -> NDArray[np.float32]:
        """Draws ten rows of digits, one latent a row; see `Training`."""
        return sample_tiles(self.networks.generate_averaged, self.settings, seed=self.seed, rows=SAMPLE_ROWS)

    def generate(self, count: int) -> Generated:
        """Makes digits with the generator's average; see `Training`."""
        return _generate(self.networks.generate_averaged, self.settings, seed=self.seed, stream=MEASURED, count=count)

    def variables(self) -> dict[str, keras.Variable]:
        """Gives both networks, the average, both optimisers and dropout's generators; see `Training`.

        Learning rates are not among them: they are settings, and a longer training may have others.
        """
        owners = {
            "generator": self.networks.generator,
            "discriminator": self.networks.discriminator,
            "generator_optimizer": self.networks.generator_optimizer,
            "discriminator_optimizer": self.networks.discriminator_optimizer,
        }
        if self.settings.averaged:
            owners["averaged"] = self.networks.averaged
        return named_variables(owners)

    def parts(self) -> Parts:
        """Gives generator, discriminator and their join; see `Training`."""
        return {
            "generator": self.networks.averaged,
            "discriminator": self.networks.discriminator,
            "combined": self._combined,
        }

    def _draw(self, step: int) -> tuple[Pairs, Pairs]:
        size, latent_size = self.settings.batch_size, self.settings.latent_size
        larger = size * self.settings.generator_batches
        original = self.settings.recipe == "original"
        pairs = draw_pairs(self.seed, step, UPDATES, count=size if original else larger, latent_size=latent_size)
        fresh = draw_pairs(self.seed, step, FRESH, count=larger if original else 0, latent_size=latent_size)
        return Pairs(*pairs), Pairs(*fresh)

    def _compute_step(self, images: tf.Tensor, labels: tf.Tensor, pairs: Pairs, fresh: Pairs) -> StepLosses:
        shown = tf.expand_dims(tf.cast(images, tf.float32) / 127.5 - 1, -1)
        return self._recipe(self.networks, self.settings, RealImages(shown, labels), pairs, fresh)


def sample_tiles(generator: keras.Model, settings: AcganSettings, *, seed: int, rows: int) -> NDArray[np.float32]:
    """Draws digits, one class a column, with one latent a row that all ten classes share.

    Args:
        generator: From latent and digit to image.
        settings: Gives the size of a latent.
        seed: The run's seed; the same latents are drawn every time.
        rows: How many latents.

    Returns:
        `(rows, 10, 28, 28)` in [-1, 1].
    """
    latent, _ = draw_pairs(seed, 0, SAMPLES, count=rows, latent_size=settings.latent_size)
    inputs = {
        "latent": np.repeat(latent, CLASSES, axis=0),
        "digit": np.tile(np.arange(CLASSES, dtype=np.int32), rows)[:, np.newaxis],
    }
    images: NDArray[np.float32] = generator.predict_on_batch(inputs)
    return images.reshape(rows, CLASSES, *images.shape[1:3])


def generate(parts: Parts, settings: Settings, count: int) -> Generated:
    """Makes digits for the evaluation, on other draws than those of the reports that the weights were chosen by."""
    return _generate(parts["generator"], _acgan(settings), seed=settings.seed, stream=EVALUATED, count=count)


def evaluate(parts: Parts, splits: Splits, settings: Settings) -> Values:
    """Scores both networks on the test split, as many generated images, and twice as many for the generator."""
    scored = losses_on(
        parts,
        splits.test,
        _acgan(settings),
        seed=settings.seed,
        stream=EVALUATION,
        batch_size=settings.evaluate.batch_size,
    )
    return {f"test/{key}": value for key, value in scored.items()}


def pictures(parts: Parts, splits: Splits, settings: Settings) -> Pictures:
    """Draws the grid: ten columns of generated digits beside ten columns of real ones, one class a column."""
    real = splits.test
    rows = min(settings.render.rows, available_rows(real.labels))
    generated = sample_tiles(parts["generator"], _acgan(settings), seed=settings.seed, rows=rows)
    columns = scaled(class_columns(real.images, real.labels, rows=rows))
    return {"digits": Picture([generated, columns], ("generated", "test images"))}


def example(settings: Settings) -> Examples:
    """Gives two named inputs for each part."""
    latent, digit = draw_pairs(settings.seed, 0, SAMPLES, count=2, latent_size=_acgan(settings).latent_size)
    pairs = {"latent": latent, "digit": digit}
    image = np.zeros((2, 28, 28, 1), np.float32)
    return {"generator": pairs, "discriminator": {"image": image}, "combined": pairs}


FAMILY = Family(
    build=AcganTraining,
    evaluate=evaluate,
    pictures=pictures,
    example=example,
    headline=("heldout/accuracy", "heldout/frechet_digit_distance", "heldout/coverage"),
    generate=generate,
    trade_off=("heldout/coverage", "heldout/accuracy", "heldout/frechet_digit_distance"),
    scheme="matched",
)


def _generate(generator: keras.Model, settings: AcganSettings, *, seed: int, stream: int, count: int) -> Generated:
    latent, digit = draw_pairs(seed, 0, stream, count=count, latent_size=settings.latent_size)
    images = generator.predict({"latent": latent, "digit": digit}, batch_size=GENERATED_AT_ONCE, verbose=0)
    return Generated(images, digit[:, 0])


def _acgan(settings: Settings) -> AcganSettings:
    if not isinstance(settings.model, AcganSettings):
        raise TypeError(f"`model` must be the AC-GAN's settings. Received: {type(settings.model).__name__}")
    return settings.model
