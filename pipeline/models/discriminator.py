"""The AC-GAN's discriminator: image → (real or generated, which digit)."""

from collections.abc import Iterator

import keras
from keras import layers

from pipeline.models.precision import FULL
from pipeline.models.seeds import seeds
from pipeline.settings.acgan import DiscriminatorSettings
from pipeline.settings.images import ImageFormat


def build_discriminator(settings: DiscriminatorSettings, *, seed: int, format: ImageFormat) -> keras.Model:
    """Builds the discriminator of Keras' `mnist_acgan`, after Odena et al. 2016, arXiv 1610.09585.

    `seed` decides its initial weights and its dropout.

    Returns:
        A model from `{"image": (n, size, size, channels)}` in [-1, 1] to `{"generation": (n, 1), "auxiliary":
        (n, classes)}`: the probability that the image is real, and that of each class.
    """
    stream = seeds(seed, "discriminator")
    image = keras.Input(format.shape, name="image")
    features = image
    for number, (filters, strides) in enumerate(zip(settings.filters, (2, 1, 2, 1), strict=True), start=1):
        features = layers.Conv2D(
            filters, 3, strides=strides, padding="same", kernel_initializer=_glorot(stream), name=f"conv2d_{number}"
        )(features)
        features = layers.LeakyReLU(negative_slope=0.2, name=f"leaky_relu_{number}")(features)
        features = layers.Dropout(settings.dropout, seed=next(stream), name=f"dropout_{number}")(features)
    features = layers.Flatten(name="flatten")(features)
    outputs = {
        "generation": _classify(1, "sigmoid", stream, name="generation")(features),
        "auxiliary": _classify(format.classes, "softmax", stream, name="auxiliary")(features),
    }
    return keras.Model({"image": image}, outputs, name="discriminator")


def _classify(units: int, activation: str, stream: Iterator[int], *, name: str) -> layers.Layer:
    return layers.Dense(units, activation=activation, kernel_initializer=_glorot(stream), name=name, dtype=FULL)


def _glorot(stream: Iterator[int]) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=next(stream))
