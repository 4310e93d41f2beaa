"""The AC-GAN's generator: (latent, digit) → image."""

from collections.abc import Iterator

import keras
from keras import layers

from pipeline.models.precision import FULL
from pipeline.models.seeds import seeds
from pipeline.settings.acgan import GeneratorSettings
from pipeline.settings.images import ImageFormat


def build_generator(settings: GeneratorSettings, *, latent_size: int, seed: int, format: ImageFormat) -> keras.Model:
    """Builds the generator of Keras' `mnist_acgan`, after Odena et al. 2016, arXiv 1610.09585.

    Its smallest map has 3 by 3 places for images of 28 pixels and 4 by 4 for 32: the first convolution adds 4, the
    others double.

    Returns:
        A model from `{"latent": (n, latent_size), "digit": (n, 1)}`, digits from 0 to the number of classes less one,
        to images `(n, size, size, channels)` in [-1, 1].
    """
    smallest = format.size // 4 - 4
    stream = seeds(seed, "generator")
    first, second, third = settings.filters
    latent = keras.Input((latent_size,), name="latent")
    digit = keras.Input((1,), dtype="int32", name="digit")
    features = layers.Multiply(name="multiply")(
        [latent, _embed(digit, settings, (format.classes, latent_size), stream)]
    )
    features = layers.Dense(
        smallest * smallest * first,
        activation="relu",
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(stream)),
        name="dense",
    )(features)
    features = layers.Reshape((smallest, smallest, first), name="reshape")(features)
    features = _upsample(second, "relu", stream, strides=1, padding="valid", name="conv2d_transpose_1")(features)
    features = _normalize(settings, name="batch_normalization_1")(features)
    features = _upsample(third, "relu", stream, strides=2, padding="same", name="conv2d_transpose_2")(features)
    features = _normalize(settings, name="batch_normalization_2")(features)
    image = _upsample(
        format.channels, "tanh", stream, strides=2, padding="same", name="conv2d_transpose_3", dtype=FULL
    )(features)
    return keras.Model({"latent": latent, "digit": digit}, image, name="generator")


def _embed(
    digit: keras.KerasTensor, settings: GeneratorSettings, shape: tuple[int, int], stream: Iterator[int]
) -> keras.KerasTensor:
    deviation = settings.embedding_deviation
    initializer = (
        keras.initializers.GlorotNormal(seed=next(stream))
        if deviation is None
        else keras.initializers.RandomNormal(stddev=deviation, seed=next(stream))
    )
    embedded = layers.Embedding(*shape, embeddings_initializer=initializer, name="embedding")(digit)
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
