"""The AC-GAN's generator: (latent, digit) → image."""

from collections.abc import Iterator

import keras
from keras import layers

from pipeline.models.precision import FULL
from pipeline.models.seeds import seeds
from pipeline.settings.acgan import GeneratorSettings

CLASSES = 10
SMALLEST_MAP = 3


def build_generator(settings: GeneratorSettings, *, latent_size: int, seed: int) -> keras.Model:
    """Builds the generator of Keras' `mnist_acgan`, after Odena et al. 2016, arXiv 1610.09585.

    Returns:
        A model from `{"latent": (n, latent_size), "digit": (n, 1)}`, digits 0 to 9, to images `(n, 28, 28, 1)` in
        [-1, 1].
    """
    stream = seeds(seed, "generator")
    first, second, third = settings.filters
    latent = keras.Input((latent_size,), name="latent")
    digit = keras.Input((1,), dtype="int32", name="digit")
    features = layers.Multiply(name="multiply")([latent, _embed(digit, settings, latent_size, stream)])
    features = layers.Dense(
        SMALLEST_MAP * SMALLEST_MAP * first,
        activation="relu",
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(stream)),
        name="dense",
    )(features)
    features = layers.Reshape((SMALLEST_MAP, SMALLEST_MAP, first), name="reshape")(features)
    features = _upsample(second, "relu", stream, strides=1, padding="valid", name="conv2d_transpose_1")(features)
    features = _normalize(settings, name="batch_normalization_1")(features)
    features = _upsample(third, "relu", stream, strides=2, padding="same", name="conv2d_transpose_2")(features)
    features = _normalize(settings, name="batch_normalization_2")(features)
    image = _upsample(1, "tanh", stream, strides=2, padding="same", name="conv2d_transpose_3", dtype=FULL)(features)
    return keras.Model({"latent": latent, "digit": digit}, image, name="generator")


def _embed(
    digit: keras.KerasTensor, settings: GeneratorSettings, latent_size: int, stream: Iterator[int]
) -> keras.KerasTensor:
    deviation = settings.embedding_deviation
    initializer = (
        keras.initializers.GlorotNormal(seed=next(stream))
        if deviation is None
        else keras.initializers.RandomNormal(stddev=deviation, seed=next(stream))
    )
    embedded = layers.Embedding(CLASSES, latent_size, embeddings_initializer=initializer, name="embedding")(digit)
    return layers.Flatten(name="flatten_embedding")(embedded)


def _upsample(filters: int, activation: str, stream: Iterator[int], *, strides: int, **rest: str) -> layers.Layer:
    return layers.Conv2DTranspose(
        filters,
        5,
        strides=strides,
        activation=activation,
        kernel_initializer=keras.initializers.GlorotNormal(seed=next(stream)),
        **rest,
    )


def _normalize(settings: GeneratorSettings, *, name: str) -> layers.Layer:
    return layers.BatchNormalization(momentum=settings.batch_norm_momentum, name=name)
