"""The evidence lower bound of Kingma and Welling 2013, arXiv 1312.6114: its two terms, and its value on images."""

import math

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.models.prediction import predict
from pipeline.settings.vae import VaeSettings
from pipeline.training.encoder_decoder.coding import AT_ONCE, IMAGE, padded
from pipeline.training.encoder_decoder.reconstruction import cross_entropies, digit_means

NOISE, MEAN, LOG_VARIANCE, LATENT = "noise", "mean", "log_variance", "latent"
LOSS, RECONSTRUCTION, DIVERGENCE = "loss", "reconstruction", "kl_divergence"


def posterior(
    encoder: keras.Model, images: NDArray[np.float32], settings: VaeSettings, *, batch_size: int = AT_ONCE
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Computes mean and log-variance, `(n, latent_size)` each, of the posterior of padded images.

    Args:
        encoder: An encoder that `build_encoder` returned, or one loaded from its file.
        images: `(n, size, size, channels)` in [-1, 1].
        settings: The latent size.
        batch_size: Images at once.
    """
    noise = np.zeros((len(images), settings.latent_size), np.float32)
    outputs = predict(encoder, {IMAGE: images, NOISE: noise}, batch_size=batch_size)
    return outputs[MEAN], outputs[LOG_VARIANCE]


def kl_divergences(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """KL divergences `(n,)`, 0 nats or more, of normal distributions from the standard normal.

    Mean and log-variance are `(n, latent_size)`. The formula is in arXiv 1312.6114, appendix B.
    """
    return tf.reduce_sum(tf.exp(log_variance) + tf.square(mean) - 1 - log_variance, axis=-1) / 2


def bound_on(
    halves: tuple[keras.Model, keras.Model],
    images: NDArray[np.uint8],
    settings: VaeSettings,
    *,
    noise: list[NDArray[np.float32]],
    batch_size: int,
) -> dict[str, float]:
    """Negative evidence lower bound, arXiv 1312.6114, equation 10, whatever `beta` the training had.

    Args:
        halves: The encoder, and the decoder without its tanh.
        images: uint8 `(n, height, width)`, or with 3 channels behind.
        settings: Size and channels of the padded images, and latent size.
        noise: Standard normal `(n, latent_size)`, one array per draw; the result is the mean over the draws.
        batch_size: Images at once.

    Returns:
        `loss`, which is -ELBO, and its terms `reconstruction` and `kl_divergence`, in nats per image, whose greys
        are probabilities of ink; those of three channels are added.
    """
    encoder, decoder = halves
    reconstruction = divergence = 0.0
    numbers = math.prod(images.shape[1:])
    for part, originals in padded(images, settings):
        mean, log_variance = posterior(encoder, originals, settings, batch_size=batch_size)
        divergence += float(tf.reduce_sum(kl_divergences(mean, log_variance)))
        for draw in noise:
            latents = mean + np.exp(log_variance / 2) * draw[part]
            logits = tf.constant(predict(decoder, {LATENT: latents}, batch_size=batch_size))
            entropies = numbers * digit_means(cross_entropies(logits, originals), size=images.shape[1])
            reconstruction += float(tf.reduce_sum(entropies)) / len(noise)
    means = {RECONSTRUCTION: reconstruction / len(images), DIVERGENCE: divergence / len(images)}
    return {LOSS: sum(means.values()), **means}
