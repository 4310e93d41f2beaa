"""The blocks of a convolutional encoder, and the decoder that mirrors them."""

from collections.abc import Iterator

import keras
from keras import layers

from pipeline.models.precision import FULL
from pipeline.models.seeds import seeds
from pipeline.settings.convolutional import ConvolutionalSettings

WINDOW = 5
PIXELS = "pixels"


def halve(image: keras.KerasTensor, settings: ConvolutionalSettings, stream: Iterator[int]) -> keras.KerasTensor:
    """Halves an image five times: convolution, batch normalisation, LeakyReLU 0.2, with twice the filters each time.

    `(n, image_size, image_size, channels)` becomes `(n, image_size / 32, image_size / 32, base_filters)`. Each
    convolution takes the seed of its initial weights from `stream`.
    """
    base, features = settings.base_filters, image
    for number, count in enumerate((base // 16, base // 8, base // 4, base // 2, base), start=1):
        features = layers.Conv2D(
            count, WINDOW, strides=2, padding="same", kernel_initializer=_glorot(stream), name=f"halve_{number}_conv2d"
        )(features)
        features = _normalize(settings, f"halve_{number}")(features)
        features = layers.LeakyReLU(negative_slope=0.2, name=f"halve_{number}_leaky_relu")(features)
    return features


def project(units: int, stream: Iterator[int], name: str) -> layers.Layer:
    """Builds a dense layer of float32 without an activation; `stream` has the seed of its initial weights."""
    return layers.Dense(units, kernel_initializer=_glorot(stream), name=name, dtype=FULL)


def last_map(encoder: keras.Model) -> tuple[int, int]:
    """Height and width of the last map in an encoder, whatever layers follow it."""
    shapes = [layer.output.shape for layer in encoder.layers if not isinstance(layer.output, list | dict)]
    height, width = [shape for shape in shapes if len(shape) == 4][-1][1:3]
    return int(height), int(width)


def build_decoder(settings: ConvolutionalSettings, encoder: keras.Model, *, code: str, seed: int) -> keras.Model:
    """Builds the decoder that turns the code of an encoder into an image of the encoder's input size.

    It starts at the size of the encoder's last map; `code` is the name of its input.

    Returns:
        A model from `{code: (n, code_size)}` to images `(n, image_size, image_size, channels)` in [-1, 1].
    """
    stream = seeds(seed, "decoder")
    height, width = last_map(encoder)
    base = settings.base_filters
    given = keras.Input((settings.code_size,), name=code)
    features = project(height * width * base, stream, "dense")(given)
    features = layers.Reshape((height, width, base), name="reshape")(features)
    for number, count in enumerate((base // 2, base // 4, base // 8, base // 16), start=1):
        features = _double(count, stream, f"double_{number}")(features)
        features = _normalize(settings, f"double_{number}")(features)
        features = layers.ReLU(name=f"double_{number}_relu")(features)
    features = _double(settings.channels, stream, "double_5", dtype=FULL)(features)
    return keras.Model({code: given}, layers.Activation("tanh", name=PIXELS, dtype=FULL)(features), name="decoder")


def before_tanh(decoder: keras.Model) -> keras.Model:
    """Builds a decoder without its last tanh, of the layers of one that `build_decoder` returned.

    A pixel in [0, 1] is (tanh x + 1) / 2, which is the sigmoid of 2x. So 2x is its logit, and cross-entropy from it
    stays finite however certain the decoder is.

    Returns:
        A model from the same input to x, `(n, image_size, image_size, channels)`.
    """
    return keras.Model(decoder.input, decoder.get_layer(PIXELS).input, name="before_tanh")


def _double(filters: int, stream: Iterator[int], block: str, *, dtype: str | None = None) -> layers.Layer:
    return layers.Conv2DTranspose(
        filters,
        WINDOW,
        strides=2,
        padding="same",
        kernel_initializer=_glorot(stream),
        name=f"{block}_conv2d_transpose",
        dtype=dtype,
    )


def _normalize(settings: ConvolutionalSettings, block: str) -> layers.Layer:
    return layers.BatchNormalization(momentum=settings.batch_norm_momentum, name=f"{block}_batch_normalization")


def _glorot(stream: Iterator[int]) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=next(stream))
