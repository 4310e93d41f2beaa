"""The random draws of the AC-GAN, and the digits that its generator makes of them."""

from enum import IntEnum
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.data.batches import draw_pairs
from pipeline.models.prediction import predict
from pipeline.settings.acgan import AcganSettings
from pipeline.training.family import Generated
from pipeline.training.pictures import as_tiles

SAMPLE_ROWS = 10
GENERATED_AT_ONCE = 250


class Stream(IntEnum):
    """Purposes of random draws. A number decides the draws, so that a change of it changes every run."""

    STEP_PAIRS = 0
    GENERATOR_PAIRS = 1
    REPORT_LOSSES = 2
    SAMPLE_LATENTS = 3
    TEST_LOSSES = 4
    REPORT_DIGITS = 5
    EVALUATION_DIGITS = 6
    REQUESTED_DIGITS = 7


def sample_tiles(
    generator: keras.Model, settings: AcganSettings, *, seed: int, rows: int, classes: int
) -> NDArray[np.float32]:
    """Generates images `(rows, classes, size, size)` in [-1, 1], or with 3 channels behind, one class per column.

    Each row has one latent, which all classes share; equal seeds have equal latents.
    """
    latent, _ = draw_pairs(seed, 0, Stream.SAMPLE_LATENTS, count=rows, latent_size=settings.latent_size)
    digit = np.tile(np.arange(classes, dtype=np.int32), rows)[:, np.newaxis]
    inputs = {"latent": np.repeat(latent, classes, axis=0), "digit": digit}
    images: NDArray[np.float32] = generator.predict_on_batch(inputs)
    return as_tiles(images, rows)


def generate_digits(
    generator: keras.Model,
    settings: AcganSettings,
    *,
    seed: int,
    stream: Stream,
    count: int,
    classes: int,
) -> Generated:
    """Generates random digits of one seed and one stream of draws."""
    latent, digit = draw_pairs(seed, 0, stream, count=count, latent_size=settings.latent_size, classes=classes)
    return Generated(_generate(generator, {"latent": latent, "digit": digit}), digit[:, 0])


def requested_digits(
    generator: keras.Model, settings: AcganSettings, digits: NDArray[np.int32], *, seed: int
) -> NDArray[np.float32]:
    """Generates the digits `(n,)`; the latent of a place is the same whatever the digits are.

    Returns:
        Images `(n, size, size, channels)` in [-1, 1].
    """
    latent = _requested_latents(settings, seed, len(digits))
    return _generate(generator, {"latent": latent, "digit": digits[:, np.newaxis]})


def walk_between(
    generator: keras.Model, settings: AcganSettings, ends: tuple[int, int], *, seed: int, count: int
) -> NDArray[np.float32]:
    """Generates the straight way between two digits of one latent: from `latent * embedding` of the one to the other's.

    Returns:
        Images `(count, size, size, channels)` in [-1, 1]; the first and the last are those of the two digits.
    """
    product = generator.get_layer("multiply").output
    multiply = keras.Model(generator.input, product)
    latent = np.repeat(_requested_latents(settings, seed, 1), 2, axis=0)
    first, last = multiply.predict_on_batch({"latent": latent, "digit": np.array(ends, np.int32)[:, np.newaxis]})
    share = np.linspace(0, 1, count, dtype=np.float32)[:, np.newaxis]
    return _generate(keras.Model(product, generator.output), first * (1 - share) + last * share)


def _requested_latents(settings: AcganSettings, seed: int, count: int) -> NDArray[np.float32]:
    return draw_pairs(seed, 0, Stream.REQUESTED_DIGITS, count=count, latent_size=settings.latent_size)[0]


def _generate(generator: keras.Model, inputs: NDArray[np.float32] | dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    images: NDArray[np.float32] = predict(generator, inputs, batch_size=GENERATED_AT_ONCE)
    return images
