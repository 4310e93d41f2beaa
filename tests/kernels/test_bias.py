"""Tests of the bias with a gradient of its own against TensorFlow's own."""

import tensorflow as tf

from pipeline.kernels.convolution.bias import add_bias
from tests.kernels.samples import assert_plain, draw


def test_the_bias_and_its_gradients_are_those_of_tensorflow() -> None:
    assert_plain(add_bias, tf.nn.bias_add, draw(3, 4, 5, 6), draw(6, seed=2))


def test_the_gradient_is_none_that_tensorflow_joins_with_a_convolutions() -> None:
    @tf.function
    def gradient(maps: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(bias)
            added = add_bias(maps, bias)
        return tape.gradient(added, bias)

    graph = gradient.get_concrete_function(draw(3, 4, 5, 6), draw(6)).graph
    assert "BiasAddGrad" not in {operation.type for operation in graph.get_operations()}
