"""The random draws of the VAE, and the digits that its decoder makes of the prior."""

from enum import IntEnum
from statistics import NormalDist

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.data.batches import draw_noise
from pipeline.settings.vae import VaeSettings
from pipeline.training.encoder_decoder.coding import decode
from pipeline.training.family import Generated
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


def generate_digits(decoder: keras.Model, settings: VaeSettings, *, seed: int, stream: Stream, count: int) -> Generated:
    """Generates digits from latents drawn from the prior, of one seed and one stream of draws."""
    latents = draw_noise(seed, 0, stream, count=count, size=settings.latent_size)
    return Generated(decode(decoder, LATENT, latents), None)


def sample_tiles(decoder: keras.Model, settings: VaeSettings, *, seed: int) -> NDArray[np.float32]:
    """Generates `(10, 10, 28, 28)` in [-1, 1]: the plane of two latent numbers, or fixed latents if there are more."""
    if settings.latent_size == PLANE:
        return latent_plane(decoder, rows=SAMPLE_ROWS)
    made = generate_digits(decoder, settings, seed=seed, stream=Stream.SAMPLE_LATENTS, count=SAMPLE_ROWS**2)
    return _tiles(made.images, SAMPLE_ROWS)


def latent_plane(decoder: keras.Model, *, rows: int) -> NDArray[np.float32]:
    """Decodes a grid on the plane of two latent numbers; the prior has equal shares between neighbouring points.

    Returns:
        `(rows, rows, 28, 28)` in [-1, 1]; the first number grows to the right, the second upwards.
    """
    places = np.array([NormalDist().inv_cdf((place + 0.5) / rows) for place in range(rows)], np.float32)
    across, upward = np.meshgrid(places, places[::-1])
    latents = np.stack([across, upward], axis=-1).reshape(-1, PLANE)
    return _tiles(decode(decoder, LATENT, latents), rows)


def _tiles(images: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    return images.reshape(rows, -1, *images.shape[1:3])
