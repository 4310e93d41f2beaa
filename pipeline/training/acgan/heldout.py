"""Losses of the AC-GAN on images that it was not trained on, under two schemes."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.data.batches import draw_pairs
from pipeline.data.dataset import Images, scaled, with_channels
from pipeline.data.keys import Key
from pipeline.models.prediction import predict
from pipeline.settings.acgan import AcganSettings, AuxiliaryWeight, SoftLabel
from pipeline.training.acgan.losses import OutputLosses, discriminator_losses, trick_losses
from pipeline.training.family import Parts

HARD_LABEL = SoftLabel(real=1.0, generated=0.0, trick=1.0)
UNWEIGHTED = AuxiliaryWeight(real=1.0, generated=1.0, trick=1.0)


def losses_on(
    parts: Parts, images: Images, settings: AcganSettings, *, seed: int, stream: int, batch_size: int
) -> dict[Key, float]:
    """Scores both networks as they are used: without dropout, with batch normalisation's moving averages.

    The discriminator sees the n real images and as many generated ones, the generator 2 n other pairs, all drawn from
    `stream`; networks compute `batch_size` images at once.

    Returns:
        Losses in nats by key, of no split. The scheme `hard` has labels 1 and 0 and no weights, as the original
        scores; `matched` has the targets and weights of the training.
    """
    count = len(images.labels)
    classes, size = parts["discriminator"].output["auxiliary"].shape[-1], settings.latent_size
    latent, digits = draw_pairs(seed, 0, stream, count=3 * count, latent_size=size, classes=classes)
    generated = predict(parts["generator"], {"latent": latent, "digit": digits}, batch_size=batch_size)
    real = with_channels(scaled(images.images))
    shown = _classify(parts["discriminator"], np.concatenate([real, generated[:count]]), batch_size)
    shown_digits = tf.constant(np.concatenate([images.labels.astype(np.int32)[:, np.newaxis], digits[:count]]))
    fooled = _classify(parts["discriminator"], generated[count:], batch_size)
    values: dict[Key, float] = {}
    schemes = {"hard": (HARD_LABEL, UNWEIGHTED), "matched": (settings.soft_label, settings.auxiliary_weight)}
    for scheme, (label, weight) in schemes.items():
        generator = trick_losses(fooled, tf.constant(digits[count:]), label, weight)
        discriminator = discriminator_losses(shown, shown_digits, label, weight)
        values |= _keyed(generator, scheme, "generator") | _keyed(discriminator, scheme, "discriminator")
    return values


def _keyed(losses: OutputLosses, scheme: str, component: str) -> dict[Key, float]:
    return {Key(name, scheme=scheme, component=component): value for name, value in losses.named().items()}


def _classify(discriminator: keras.Model, images: NDArray[np.float32], batch_size: int) -> dict[str, tf.Tensor]:
    outputs = predict(discriminator, {"image": images}, batch_size=batch_size)
    return {name: tf.constant(values) for name, values in outputs.items()}
