"""The variational autoencoder in training, and its losses, digits and pictures afterwards."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.data.batches import draw_noise
from pipeline.data.columns import BAND
from pipeline.data.dataset import Splits
from pipeline.data.keys import TEST, Key, held_out_key
from pipeline.models.convolutional import before_tanh
from pipeline.models.vae import build_decoder, build_encoder
from pipeline.settings.composed import Settings
from pipeline.settings.vae import VaeSettings
from pipeline.training.encoder_decoder.coding import AT_ONCE, IMAGE, CodingTraining, blank_images, decode, padded
from pipeline.training.encoder_decoder.halves import DECODER, ENCODER, OBJECTIVE
from pipeline.training.encoder_decoder.pictures import Coder, reconstructions, walk
from pipeline.training.encoder_decoder.reconstruction import cross_entropies, digit_means
from pipeline.training.family import Examples, Family, Generated, Parts, Values
from pipeline.training.pictures import Picture, Pictures, Scatter, real_tiles
from pipeline.training.vae.bound import (
    DIVERGENCE,
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
from pipeline.training.vae.sampling import PLANE, Stream, generate_digits, latent_plane, sample_tiles

DRAWS = 10
PLANE_ROWS = 20
DISTANCE = "frechet_digit_distance"


class VaeTraining(CodingTraining):
    """Encoder and decoder, trained to make the images likely under the prior."""

    settings: VaeSettings

    def __init__(self, settings: Settings[VaeSettings], splits: Splits) -> None:
        encoder = build_encoder(settings.model, seed=settings.seed)
        super().__init__(settings, splits, encoder, build_decoder(settings.model, encoder, seed=settings.seed))

    def draw(self, step: int) -> dict[str, NDArray[np.float32]]:
        """Returns one draw of noise for each image."""
        count, size = self.images_per_step, self.settings.latent_size
        return {NOISE: draw_noise(self.seed, step, Stream.STEP_NOISE, count=count, size=size)}

    def compute_losses(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes both terms of the bound and their sum for the digit; those of the whole padded image are minimised.

        All are means over the batch in nats per image; in the objective the divergence is multiplied by beta. The
        channels of an image in grey are averaged, those of one in colour added.
        """
        latents = self.encode(inputs, training=True)
        logits = self.decode({LATENT: latents[LATENT]}, training=True)
        entropies = cross_entropies(logits, inputs[IMAGE])
        size, channels = self.format.size, self.format.channels
        reconstruction = size**2 * channels * tf.reduce_mean(digit_means(entropies, size=size))
        divergence = tf.reduce_mean(kl_divergences(latents[MEAN], latents[LOG_VARIANCE]))
        whole = self.settings.image_size**2 * channels * tf.reduce_mean(entropies)
        return {
            LOSS: reconstruction + divergence,
            RECONSTRUCTION: reconstruction,
            DIVERGENCE: divergence,
            OBJECTIVE: whole + self.settings.beta * divergence,
        }

    def score(self, images: NDArray[np.uint8]) -> dict[str, float]:
        """Returns the negative evidence lower bound and its terms, of one draw per image."""
        noise = draw_noise(self.seed, 0, Stream.REPORT_LOSSES, count=len(images), size=self.settings.latent_size)
        return bound_on(self.scored, images, self.settings, noise=[noise], batch_size=AT_ONCE)

    def samples(self) -> NDArray[np.float32]:
        """Generates the plane of two latent numbers, or digits of fixed latents if there are more; see `Training`."""
        return sample_tiles(self.halves.models[DECODER], self.settings, seed=self.seed, format=self.format)

    def generate(self, count: int) -> Generated:
        """Generates digits from latents drawn from the prior; see `Training`."""
        decoder, stream = self.halves.models[DECODER], Stream.REPORT_DIGITS
        return generate_digits(decoder, self.settings, seed=self.seed, stream=stream, count=count, format=self.format)


def generate(parts: Parts, settings: Settings[VaeSettings], count: int) -> Generated:
    """Generates digits for the evaluation, on other draws than those of the reports."""
    return _from_prior(parts, settings, Stream.EVALUATION_DIGITS, count)


def evaluate(parts: Parts, splits: Splits, settings: Settings[VaeSettings]) -> Values:
    """Bounds the likelihood of the test split; the mean of ten draws per image."""
    images, block = splits.test.images, settings.model
    noise = [
        draw_noise(settings.seed, draw, Stream.TEST_LOSSES, count=len(images), size=block.latent_size)
        for draw in range(DRAWS)
    ]
    halves = parts[ENCODER], before_tanh(parts[DECODER])
    scored = bound_on(halves, images, block, noise=noise, batch_size=settings.evaluate.batch_size)
    return {Key(name, split=TEST): value for name, value in scored.items()}


def pictures(parts: Parts, splits: Splits, settings: Settings[VaeSettings]) -> Pictures:
    """Draws digits of the prior beside real ones, reconstructions and walks; for two latent numbers the plane too."""
    block, test = settings.model, splits.test

    def means(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.concatenate([posterior(parts[ENCODER], portion, block)[0] for _, portion in padded(images, block)])

    coder = Coder(means, lambda codes: decode(parts[DECODER], LATENT, codes, format=settings.format))
    classes = settings.format.classes
    drawn: Pictures = {
        "digits": _digits(parts, splits, settings),
        "reconstructions": reconstructions(coder, test, classes=classes),
        "walk": walk(coder, test, classes=classes),
    }
    if block.latent_size != PLANE:
        return drawn
    plane = latent_plane(parts[DECODER], rows=PLANE_ROWS, format=settings.format)
    title = "where the test images lie: the means of their latents"
    return drawn | {
        "plane": Picture([plane], ("the latent plane, in equal shares of the prior",)),
        "scatter": Scatter(means(test.images), test.labels, title, ("first latent number", "second latent number")),
    }


def example(settings: Settings[VaeSettings]) -> Examples:
    """Builds two named inputs for each half."""
    latent = np.zeros((2, settings.model.latent_size), np.float32)
    return {ENCODER: {IMAGE: blank_images(settings.model), NOISE: latent}, DECODER: {LATENT: latent}}


FAMILY = Family(
    build=VaeTraining,
    evaluate=evaluate,
    pictures=pictures,
    example=example,
    headline=tuple(map(held_out_key, (LOSS, RECONSTRUCTION, DIVERGENCE, DISTANCE, "coverage"))),
    generate=generate,
    no_quality=frozenset({DIVERGENCE}),  # a term of the bound: 0 where the latent is ignored
    trade_off=(held_out_key(DIVERGENCE), held_out_key(RECONSTRUCTION), held_out_key(DISTANCE)),
    unit="nats per image",
)


def _from_prior(parts: Parts, settings: Settings[VaeSettings], stream: Stream, count: int) -> Generated:
    return generate_digits(
        parts[DECODER], settings.model, seed=settings.seed, stream=stream, count=count, format=settings.format
    )


def _digits(parts: Parts, splits: Splits, settings: Settings[VaeSettings]) -> Picture:
    real = real_tiles(splits, settings)
    if real.shape[1] > BAND:  # in whole rows of ten, since nothing drawn from the prior has a class
        images = real.reshape(-1, *real.shape[2:])
        rows = len(images) // BAND
        real = images[: rows * BAND].reshape(rows, BAND, *images.shape[1:])
    made = _from_prior(parts, settings, Stream.PICTURE_DIGITS, real.shape[0] * real.shape[1])
    return Picture([made.images.reshape(real.shape), real], ("drawn from the prior", "test images"))
