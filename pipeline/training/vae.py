"""The variational autoencoder in training, and its figures, digits and pictures afterwards."""

from statistics import NormalDist

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.data.batches import draw_noise
from pipeline.data.columns import available_rows, class_columns
from pipeline.data.mnist import Splits, scaled
from pipeline.models.convolutional import before_tanh
from pipeline.models.vae import build_decoder, build_encoder
from pipeline.settings.composed import Settings
from pipeline.settings.vae import Settings as VaeSettings
from pipeline.training.bound import (
    DIGIT_PIXELS,
    DIVERGENCE,
    IMAGE,
    LATENT,
    LOG_VARIANCE,
    LOSS,
    MEAN,
    NOISE,
    RECONSTRUCTION,
    bound_on,
    kl_divergences,
    posterior,
)
from pipeline.training.coding import AT_ONCE, CodingTraining, decode, padded
from pipeline.training.family import Examples, Family, Generated, Parts, Picture, Pictures, Scatter, Values
from pipeline.training.halves import DECODER, ENCODER, OBJECTIVE, Halves, Inputs
from pipeline.training.pictures import Coder, reconstructions, walk
from pipeline.training.reconstruction import cross_entropies, digit_means

UPDATES, REPORTS, SAMPLES, EVALUATION, MEASURED, EVALUATED, SHOWN = range(7)
DRAWS = 10
SAMPLE_ROWS = 10
PLANE_ROWS = 20
PLANE = 2


class VaeTraining(CodingTraining):
    """Encoder and decoder, trained to make the images likely under the prior.

    Args:
        settings: What the command is set to.
        splits: The data.
    """

    def __init__(self, settings: Settings, splits: Splits) -> None:
        self.settings = _vae(settings)
        encoder = build_encoder(self.settings, seed=settings.seed)
        decoder = build_decoder(self.settings, encoder, seed=settings.seed)
        super().__init__(
            settings, splits, self.settings, Halves(encoder, decoder, self.settings, compute=settings.compute)
        )
        self._before_tanh = before_tanh(decoder)

    def inputs(self, images: NDArray[np.float32], step: int) -> Inputs:
        """Gives the images and as many draws of noise."""
        size = self.settings.latent_size
        return {IMAGE: images, NOISE: draw_noise(self.seed, step, UPDATES, count=len(images), size=size)}

    def compute_losses(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes both terms and their sum for the digit; the terms of the whole sheet, KL times beta, are minimised.

        All are means over the batch in nats an image; an image in several channels counts as one in grey.
        """
        latents = self.halves.models[ENCODER](inputs, training=True)
        logits = self._before_tanh({LATENT: latents[LATENT]}, training=True)
        entropies = cross_entropies(logits, inputs[IMAGE])
        reconstruction = DIGIT_PIXELS * tf.reduce_mean(digit_means(entropies))
        divergence = tf.reduce_mean(kl_divergences(latents[MEAN], latents[LOG_VARIANCE]))
        whole = self.settings.image_size**2 * tf.reduce_mean(entropies)
        return {
            LOSS: reconstruction + divergence,
            RECONSTRUCTION: reconstruction,
            DIVERGENCE: divergence,
            OBJECTIVE: whole + self.settings.beta * divergence,
        }

    def score(self, images: NDArray[np.uint8]) -> Values:
        """Gives the negative evidence lower bound and its terms, by one draw an image."""
        noise = draw_noise(self.seed, 0, REPORTS, count=len(images), size=self.settings.latent_size)
        halves = self.halves.models[ENCODER], self._before_tanh
        return bound_on(halves, images, self.settings, noise=[noise], batch_size=AT_ONCE)

    def samples(self) -> NDArray[np.float32]:
        """Draws the plane of two latent numbers, or digits of fixed latents where there are more; see `Training`."""
        if self.settings.latent_size == PLANE:
            return latent_plane(self.halves.models[DECODER], rows=SAMPLE_ROWS)
        latents = draw_noise(self.seed, 0, SAMPLES, count=SAMPLE_ROWS**2, size=self.settings.latent_size)
        return _tiles(decode(self.halves.models[DECODER], LATENT, latents), SAMPLE_ROWS)

    def generate(self, count: int) -> Generated:
        """Makes digits of latents drawn from the prior; see `Training`."""
        return _generate(self.parts(), self.settings, seed=self.seed, stream=MEASURED, count=count)


def latent_plane(decoder: keras.Model, *, rows: int) -> NDArray[np.float32]:
    """Decodes a grid of the plane of two latent numbers, at which the prior has equal shares between neighbours.

    Args:
        decoder: From two numbers to an image.
        rows: Points each way.

    Returns:
        `(rows, rows, 28, 28)` in [-1, 1]; the first number grows to the right, the second upwards.
    """
    places = np.array([NormalDist().inv_cdf((place + 0.5) / rows) for place in range(rows)], np.float32)
    across, upward = np.meshgrid(places, places[::-1])
    latents = np.stack([across, upward], axis=-1).reshape(-1, PLANE)
    return _tiles(decode(decoder, LATENT, latents), rows)


def generate(parts: Parts, settings: Settings, count: int) -> Generated:
    """Makes digits for the evaluation, on other draws than those of the reports."""
    return _generate(parts, _vae(settings), seed=settings.seed, stream=EVALUATED, count=count)


def evaluate(parts: Parts, splits: Splits, settings: Settings) -> Values:
    """Bounds the likelihood of the test split, the mean of ten draws an image."""
    images, block = splits.test.images, _vae(settings)
    noise = [
        draw_noise(settings.seed, draw, EVALUATION, count=len(images), size=block.latent_size) for draw in range(DRAWS)
    ]
    halves = parts[ENCODER], before_tanh(parts[DECODER])
    scored = bound_on(halves, images, block, noise=noise, batch_size=settings.evaluate.batch_size)
    return {f"test/{name}": value for name, value in scored.items()}


def pictures(parts: Parts, splits: Splits, settings: Settings) -> Pictures:
    """Draws digits of the prior beside real ones, reconstructions and walks; of two latent numbers the plane too."""
    block, test = _vae(settings), splits.test

    def means(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.concatenate([posterior(parts[ENCODER], sheets, block)[0] for _, sheets in padded(images, block)])

    coder = Coder(means, lambda codes: decode(parts[DECODER], LATENT, codes))
    drawn: Pictures = {
        "digits": _digits(parts, splits, settings),
        "reconstructions": reconstructions(coder, test),
        "walk": walk(coder, test),
    }
    if block.latent_size != PLANE:
        return drawn
    plane = latent_plane(parts[DECODER], rows=PLANE_ROWS)
    title = "where the test images lie: the means of their latents"
    return drawn | {
        "plane": Picture([plane], ("the latent plane, in equal shares of the prior",)),
        "scatter": Scatter(means(test.images), test.labels, title, ("first latent number", "second latent number")),
    }


def example(settings: Settings) -> Examples:
    """Gives two named inputs for each part."""
    block = _vae(settings)
    image = np.full((2, block.image_size, block.image_size, block.channels), -1, np.float32)
    latent = np.zeros((2, block.latent_size), np.float32)
    given = {IMAGE: image, NOISE: latent}
    return {ENCODER: given, DECODER: {LATENT: latent}, settings.family: given}


FAMILY = Family(
    build=VaeTraining,
    evaluate=evaluate,
    pictures=pictures,
    example=example,
    headline=(
        *(f"heldout/{name}" for name in (LOSS, RECONSTRUCTION, DIVERGENCE)),
        *("heldout/frechet_digit_distance", "heldout/coverage"),
    ),
    generate=generate,
    trade_off=(f"heldout/{DIVERGENCE}", f"heldout/{RECONSTRUCTION}", "heldout/frechet_digit_distance"),
    unit="nats an image",
)


def _generate(parts: Parts, settings: VaeSettings, *, seed: int, stream: int, count: int) -> Generated:
    latents = draw_noise(seed, 0, stream, count=count, size=settings.latent_size)
    return Generated(decode(parts[DECODER], LATENT, latents), None)


def _digits(parts: Parts, splits: Splits, settings: Settings) -> Picture:
    real = splits.test
    rows = min(settings.render.rows, available_rows(real.labels))
    columns = scaled(class_columns(real.images, real.labels, rows=rows))
    made = _generate(parts, _vae(settings), seed=settings.seed, stream=SHOWN, count=columns.shape[0] * columns.shape[1])
    return Picture([made.images.reshape(columns.shape), columns], ("drawn from the prior", "test images"))


def _tiles(images: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    return images.reshape(rows, -1, *images.shape[1:3])


def _vae(settings: Settings) -> VaeSettings:
    if not isinstance(settings.model, VaeSettings):
        raise TypeError(f"`model` must be the VAE's settings. Received: {type(settings.model).__name__}")
    return settings.model
