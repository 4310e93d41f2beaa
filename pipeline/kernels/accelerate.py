"""Models over the layers of other models, with kernels that take a CPU less time.

README.md has the measurements. Nothing saves such a model, so saved models consist of Keras' own layers.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import keras
import tensorflow as tf

from pipeline.kernels.convolution.bias import add_bias
from pipeline.kernels.convolution.bilinear import DOUBLING_WINDOW, count_tiles, has_points
from pipeline.kernels.convolution.dense import convolve_densely, convolve_transposed_densely, covers
from pipeline.kernels.convolution.subpixel import WINDOW, double_by_subpixel
from pipeline.kernels.convolution.toom_cook import convolve, convolve_transposed, double
from pipeline.kernels.dropout_bits import drop
from pipeline.models.precision import FULL
from pipeline.settings.compute import Kernels

FEW_FILTERS = 4

Kernel = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
DropoutBits = Literal[16, 32]


def accelerate(model: keras.Model, kernels: Kernels = "fast", *, dropout_bits: DropoutBits = 32) -> keras.Model:
    """Builds a model over the layers of a functional one, with fast kernels for convolutions and batch normalisation.

    It has the same variables; with `plain` kernels it is the model itself. `dropout_bits` decide about each number of a
    dropout: with 32, as in Keras, the losses of a step equal the model's to a relative 2e-5; 16 take less time and drop
    other numbers.
    """
    if kernels == "plain":
        return model
    return keras.models.clone_model(model, clone_function=partial(_accelerated, dropout_bits=dropout_bits))


class FastLayer(keras.layers.Layer):
    """Computes what another layer computes, with that layer's own variables."""

    def __init__(self, layer: keras.layers.Layer) -> None:
        super().__init__(name=layer.name, trainable=layer.trainable, dtype=layer.dtype_policy)
        self.layer = layer

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the layer's own output shape."""
        shape: tuple[int | None, ...] = self.layer.compute_output_shape(input_shape)
        return shape


class FastConvolution(FastLayer):
    """Computes a built Conv2D or Conv2DTranspose with a fast kernel, and a bias with a gradient of its own.

    Args:
        layer: The layer; its activation follows.
        compute: Function from maps and kernel to maps.
    """

    def __init__(self, layer: keras.layers.Layer, compute: Kernel) -> None:
        super().__init__(layer)
        self.compute = compute

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the layer's own output, to rounding."""
        maps = self.compute(inputs, self.layer.kernel.value)
        return self.layer.activation(add_bias(maps, self.layer.bias.value) if self.layer.use_bias else maps)


class FastNormalization(FastLayer):
    """Computes a built batch normalisation of maps as one operation; in inference it calls that layer."""

    def call(self, inputs: tf.Tensor, *, training: bool = False, mask: None = None) -> tf.Tensor:
        """Returns the layer's own output, to rounding, and updates its moving averages.

        TensorFlow's fused operation divides the sum of squares by n - 1 for the variance, Keras' averages by n.
        Keras passes a mask with every call; maps have none.
        """
        layer = self.layer
        if not (training and layer.trainable):
            return layer(inputs, training=False)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, layer.gamma.value, layer.beta.value, epsilon=layer.epsilon
        )
        count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), tf.float32)
        for average, current in ((layer.moving_mean, mean), (layer.moving_variance, variance * (count - 1) / count)):
            average.assign(average * layer.momentum + current * (1 - layer.momentum))
        return outputs


class FastDropout(FastLayer):
    """Computes a dropout without a noise shape from half the random bits, with seeds of that layer's own generator."""

    def call(self, inputs: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """Drops numbers in training, and returns the inputs otherwise."""
        return drop(inputs, self.layer.rate, self.layer.seed_generator.next()) if training else inputs


def _accelerated(layer: keras.layers.Layer, *, dropout_bits: DropoutBits) -> keras.layers.Layer:
    kind = type(layer)  # a subclass, such as SpatialDropout2D, computes something else
    # What is no layer is an operation of `keras.ops` in the graph.
    if not isinstance(layer, keras.layers.Layer) or layer.activity_regularizer is not None:
        return layer
    if kind is keras.layers.Dropout:
        return FastDropout(layer) if dropout_bits == 16 and layer.rate > 0 and layer.noise_shape is None else layer
    if kind is keras.layers.BatchNormalization:
        return FastNormalization(layer) if _fuses(layer) else layer
    compute = _fast_kernel(layer)
    return FastConvolution(layer, compute) if compute else layer


def _fuses(layer: keras.layers.BatchNormalization) -> bool:
    shape = (layer.compute_dtype, len(layer.input.shape), layer.axis % len(layer.input.shape))
    return shape == (FULL, 4, 3) and layer.scale and layer.center and not (layer.renorm or layer.synchronized)


def _fast_kernel(layer: keras.layers.Layer) -> Kernel | None:
    if type(layer) not in (keras.layers.Conv2D, keras.layers.Conv2DTranspose):
        return None
    shape = (layer.compute_dtype, layer.data_format, layer.dilation_rate)
    if shape != (FULL, "channels_last", (1, 1)) or None in layer.input.shape[1:]:
        return None
    return _fast_convolution(layer) if isinstance(layer, keras.layers.Conv2D) else _fast_transposed(layer)


def _fast_convolution(layer: keras.layers.Conv2D) -> Kernel | None:
    if layer.groups > 1:
        return None
    if covers(layer.kernel_size, layer.input.shape[1:3]):
        return partial(convolve_densely, strides=layer.strides, padding=layer.padding)
    shape = (layer.strides, layer.padding, {taps % 2 for taps in layer.kernel_size})
    if shape == ((1, 1), "same", {1}) and count_tiles(layer.input.shape[1:3], layer.kernel_size):
        return convolve
    return partial(tf.nn.conv2d, strides=layer.strides, padding=layer.padding.upper()) if layer.use_bias else None


def _fast_transposed(layer: keras.layers.Conv2DTranspose) -> Kernel | None:
    places, shape = layer.input.shape[1:3], (layer.strides, layer.padding, layer.output_padding)
    if shape[1:] == ("same", None) and covers(layer.kernel_size, layer.output.shape[1:3]):
        return partial(convolve_transposed_densely, strides=layer.strides)
    if shape == ((1, 1), "valid", None):
        return convolve_transposed if has_points(places, layer.kernel_size) else None
    if shape != ((2, 2), "same", None) or layer.kernel_size != (WINDOW, WINDOW):
        return None
    if layer.filters <= FEW_FILTERS:
        return double_by_subpixel
    return double if has_points(places, (DOUBLING_WINDOW, DOUBLING_WINDOW)) else None
