"""The random draws of the AC-GAN, and the digits that its generator makes of them."""

from enum import IntEnum

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.data.batches import DIGITS, draw_pairs
from pipeline.settings.acgan import AcganSettings
from pipeline.training.family import Generated

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


def sample_tiles(generator: keras.Model, settings: AcganSettings, *, seed: int, rows: int) -> NDArray[np.float32]:
    """Generates digits `(rows, 10, 28, 28)` in [-1, 1], one class per column.

    Each row has one latent, which all ten classes share; equal seeds have equal latents.
    """
    latent, _ = draw_pairs(seed, 0, Stream.SAMPLE_LATENTS, count=rows, latent_size=settings.latent_size)
    digit = np.tile(np.arange(DIGITS, dtype=np.int32), rows)[:, np.newaxis]
    inputs = {"latent": np.repeat(latent, DIGITS, axis=0), "digit": digit}
    images: NDArray[np.float32] = generator.predict_on_batch(inputs)
    return images.reshape(rows, DIGITS, *images.shape[1:3])


def generate_digits(
    generator: keras.Model, settings: AcganSettings, *, seed: int, stream: Stream, count: int
) -> Generated:
    """Generates random digits of one seed and one stream of draws."""
    latent, digit = draw_pairs(seed, 0, stream, count=count, latent_size=settings.latent_size)
    images = generator.predict({"latent": latent, "digit": digit}, batch_size=GENERATED_AT_ONCE, verbose=0)
    return Generated(images, digit[:, 0])
