"""The random draws of the VAE, and the digits that its decoder makes of the prior."""

from enum import IntEnum
from statistics import NormalDist

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.data.batches import draw_noise
from pipeline.settings.images import ImageFormat
from pipeline.settings.vae import VaeSettings
from pipeline.training.encoder_decoder.coding import decode
from pipeline.training.family import Generated
from pipeline.training.pictures import as_tiles
from pipeline.training.vae.bound import LATENT

SAMPLE_ROWS = 10
PLANE = 2


class Stream(IntEnum):
    """Purposes of random draws. A number decides the draws, so that a change of it changes every run."""

    STEP_NOISE = 0
    REPORT_LOSSES = 1
    SAMPLE_LATENTS = 2
    TEST_LOSSES = 3
    REPORT_DIGITS = 4
    EVALUATION_DIGITS = 5
    PICTURE_DIGITS = 6


def generate_digits(
    decoder: keras.Model,
    settings: VaeSettings,
    *,
    seed: int,
    stream: Stream,
    count: int,
    format: ImageFormat,
) -> Generated:
    """Generates images from latents drawn from the prior, of one seed and one stream of draws."""
    latents = draw_noise(seed, 0, stream, count=count, size=settings.latent_size)
    return Generated(decode(decoder, LATENT, latents, format=format), None)


def sample_tiles(decoder: keras.Model, settings: VaeSettings, *, seed: int, format: ImageFormat) -> NDArray[np.float32]:
    """Generates ten rows of ten images: the plane of two latent numbers, or fixed latents if there are more.

    They are `(10, 10, size, size)` in [-1, 1], or with 3 channels behind.
    """
    if settings.latent_size == PLANE:
        return latent_plane(decoder, rows=SAMPLE_ROWS, format=format)
    stream, count = Stream.SAMPLE_LATENTS, SAMPLE_ROWS**2
    made = generate_digits(decoder, settings, seed=seed, stream=stream, count=count, format=format)
    return as_tiles(made.images, SAMPLE_ROWS)


def latent_plane(decoder: keras.Model, *, rows: int, format: ImageFormat) -> NDArray[np.float32]:
    """Decodes a grid on the plane of two latent numbers; the prior has equal shares between neighbouring points.

    Returns:
        `(rows, rows, size, size)` in [-1, 1], or with 3 channels behind; the first number grows to the right, the
        second upwards.
    """
    places = np.array([NormalDist().inv_cdf((place + 0.5) / rows) for place in range(rows)], np.float32)
    across, upward = np.meshgrid(places, places[::-1])
    latents = np.stack([across, upward], axis=-1).reshape(-1, PLANE)
    return as_tiles(decode(decoder, LATENT, latents, format=format), rows)
