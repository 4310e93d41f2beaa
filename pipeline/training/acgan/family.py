"""The AC-GAN's entry for the stages: its losses, digits and pictures after a training."""

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.data.batches import draw_pairs
from pipeline.data.dataset import Splits
from pipeline.data.keys import TEST, held_out_key
from pipeline.kernels.accelerate import accelerate
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.composed import Settings
from pipeline.training.acgan.heldout import losses_on
from pipeline.training.acgan.sampling import Stream, generate_digits, requested_digits, sample_tiles, walk_between
from pipeline.training.acgan.training import AcganTraining
from pipeline.training.devices import choose_kernels
from pipeline.training.family import Examples, Family, Generated, Parts, Values
from pipeline.training.pictures import Picture, Pictures, real_tiles


def generate(parts: Parts, settings: Settings[AcganSettings], count: int) -> Generated:
    """Generates digits for the evaluation, on other draws than those of the reports that chose the weights."""
    stream, classes = Stream.EVALUATION_DIGITS, settings.format.classes
    generator = _accelerated(parts["generator"], settings)
    return generate_digits(generator, settings.model, seed=settings.seed, stream=stream, count=count, classes=classes)


def ask(parts: Parts, settings: Settings[AcganSettings], digits: NDArray[np.int32]) -> NDArray[np.float32]:
    """Generates the digits asked for; see `Family`."""
    generator = _accelerated(parts["generator"], settings)
    return requested_digits(generator, settings.model, digits, seed=settings.seed)


def walk(parts: Parts, settings: Settings[AcganSettings], ends: tuple[int, int], count: int) -> NDArray[np.float32]:
    """Generates the way from one digit to another; see `Family`."""
    return walk_between(parts["generator"], settings.model, ends, seed=settings.seed, count=count)


def evaluate(parts: Parts, splits: Splits, settings: Settings[AcganSettings]) -> Values:
    """Scores both networks on the test split, as many generated images, and twice as many for the generator."""
    at_once, stream = settings.evaluate.batch_size, Stream.TEST_LOSSES
    fast = {name: _accelerated(parts[name], settings) for name in ("generator", "discriminator")}
    scored = losses_on(fast, splits.test, settings.model, seed=settings.seed, stream=stream, batch_size=at_once)
    return {key.on(TEST): value for key, value in scored.items()}


def pictures(parts: Parts, splits: Splits, settings: Settings[AcganSettings]) -> Pictures:
    """Draws the grid: generated images beside real ones, one class per column."""
    real, classes = real_tiles(splits, settings), settings.format.classes
    generated = sample_tiles(parts["generator"], settings.model, seed=settings.seed, rows=len(real), classes=classes)
    return {"digits": Picture([generated, real], ("generated", "test images"), "columns")}


def example(settings: Settings[AcganSettings]) -> Examples:
    """Builds two named inputs for each half."""
    stream, size = Stream.SAMPLE_LATENTS, settings.model.latent_size
    latent, digit = draw_pairs(settings.seed, 0, stream, count=2, latent_size=size, classes=settings.format.classes)
    pairs = {"latent": latent, "digit": digit}
    image = np.zeros((2, *settings.format.shape), np.float32)
    return {"generator": pairs, "discriminator": {"image": image}}


ACCURACY, DISTANCE, COVERAGE = map(held_out_key, ("accuracy", "frechet_digit_distance", "coverage"))
FAMILY = Family(
    build=AcganTraining,
    evaluate=evaluate,
    pictures=pictures,
    example=example,
    headline=(ACCURACY, DISTANCE, COVERAGE),
    generate=generate,
    ask=ask,
    walk=walk,
    trade_off=(COVERAGE, ACCURACY, DISTANCE),
    scheme="matched",
    units={"energy_distance": "real distances", "likelihood_loss": "real squared norms"},
)


def _accelerated(model: keras.Model, settings: Settings[AcganSettings]) -> keras.Model:
    return accelerate(model, choose_kernels(settings.compute.kernels))
