"""Losses of the AC-GAN on images it was not trained on, under two schemes."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from pipeline.data.batches import draw_pairs
from pipeline.data.keys import Key
from pipeline.data.mnist import Images, scaled
from pipeline.settings.acgan import AcganSettings, AuxiliaryWeight, SoftLabel
from pipeline.training.acgan.losses import discriminator_losses, trick_losses

HARD_LABEL = SoftLabel(real=1.0, generated=0.0, trick=1.0)
UNWEIGHTED = AuxiliaryWeight(real=1.0, generated=1.0)


def losses_on(
    parts: Mapping[str, keras.Model],
    images: Images,
    settings: AcganSettings,
    *,
    seed: int,
    stream: int,
    batch_size: int,
) -> dict[Key, float]:
    """Scores both networks, each as it is used: no dropout, batch normalisation by its moving averages.

    The discriminator sees the real images and as many generated ones, the generator twice as many new pairs.

    Args:
        parts: `generator` and `discriminator`.
        images: n real images.
        settings: Targets and weights of the `matched` scheme.
        seed: The run's seed.
        stream: Which draws to generate from.
        batch_size: Images at once.

    Returns:
        Losses in nats by key, of no split; the scheme `hard` has labels 1 and 0 and no weights, as the
        original scores, `matched` the targets and weights of the training.
    """
    count = len(images.labels)
    latent, digits = draw_pairs(seed, 0, stream, count=3 * count, latent_size=settings.latent_size)
    predict = _Predictor(parts, batch_size)
    generated = predict.images(latent, digits)
    real = scaled(images.images)[..., np.newaxis]
    shown = predict.outputs(np.concatenate([real, generated[:count]]))
    shown_digits = np.concatenate([images.labels.astype(np.int32)[:, np.newaxis], digits[:count]])
    tricked = predict.outputs(generated[count:])
    values: dict[Key, float] = {}
    for scheme, label, weight in (
        ("hard", HARD_LABEL, UNWEIGHTED),
        ("matched", settings.soft_label, settings.auxiliary_weight),
    ):
        components = {
            "generator": trick_losses(tricked, tf.constant(digits[count:]), label.trick),
            "discriminator": discriminator_losses(shown, tf.constant(shown_digits), label, weight),
        }
        for component, losses in components.items():
            named = losses.named().items()
            values |= {Key(name, scheme=scheme, component=component): value for name, value in named}
    return values


class _Predictor:
    def __init__(self, parts: Mapping[str, keras.Model], batch_size: int) -> None:
        self._parts = parts
        self._batch_size = batch_size

    def images(self, latent: np.ndarray, digits: np.ndarray) -> np.ndarray:
        inputs = {"latent": latent, "digit": digits}
        images: np.ndarray = self._parts["generator"].predict(inputs, batch_size=self._batch_size, verbose=0)
        return images

    def outputs(self, images: np.ndarray) -> dict[str, tf.Tensor]:
        outputs = self._parts["discriminator"].predict({"image": images}, batch_size=self._batch_size, verbose=0)
        return {name: tf.constant(values) for name, values in outputs.items()}
