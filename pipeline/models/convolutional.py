"""The blocks of a convolutional encoder, and the decoder that undoes what an encoder halved."""

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

    Args:
        image: `(n, image_size, image_size, channels)`.
        settings: Base of the filters and momentum of batch normalisation.
        stream: Seeds of the initial weights.

    Returns:
        `(n, image_size / 32, image_size / 32, base_filters)`.
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
    """Gives a dense layer without an activation, in float32."""
    return layers.Dense(units, kernel_initializer=_glorot(stream), name=name, dtype=FULL)


def last_map(encoder: keras.Model) -> tuple[int, int]:
    """Reads height and width of the last map off an encoder, whatever comes after it."""
    shapes = [layer.output.shape for layer in encoder.layers if not isinstance(layer.output, list | dict)]
    height, width = [shape for shape in shapes if len(shape) == 4][-1][1:3]
    return int(height), int(width)


def build_decoder(settings: ConvolutionalSettings, encoder: keras.Model, *, code: str, seed: int) -> keras.Model:
    """Builds the decoder that brings the code of an encoder back to the size that the encoder takes.

    Args:
        settings: Size of the code, base of the filters, channels and the momentum of batch normalisation.
        encoder: Its last map is where the decoder begins.
        code: Name of what the decoder takes.
        seed: Decides its initial weights.

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
    """Gives a decoder up to the numbers that its tanh is taken of, with the same layers.

    A pixel in [0, 1] is (tanh x + 1) / 2, which is the sigmoid of 2x: so 2x is its logit, from which cross-entropy is
    finite however sure the decoder is.

    Args:
        decoder: What `build_decoder` gave, or the same loaded from a file.

    Returns:
        A model from the same input to `(n, image_size, image_size, channels)`.
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
