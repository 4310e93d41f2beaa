"""Tests of models with the fast kernels against those of Keras' own layers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pipeline.kernels.accelerate import FastConvolution, FastDropout, FastNormalization, accelerate
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.images import DIGITS
from tests.kernels.samples import ROUNDING_OF_PRODUCTS, assert_close, draw
from tests.training.tiny import small_settings


def _generator(**changes: Any) -> keras.Model:
    return build_generator(small_settings(generator=changes).model.generator, latent_size=6, seed=0, format=DIGITS)


def _discriminator() -> keras.Model:
    return build_discriminator(small_settings().model.discriminator, seed=0, format=DIGITS)


def _replaced(model: keras.Model) -> list[str]:
    fast = FastConvolution | FastNormalization
    return [layer.name for layer in accelerate(model).layers if isinstance(layer, fast)]


def test_an_accelerated_generator_has_the_same_variables_and_images() -> None:
    generator = _generator()
    fast = accelerate(generator)
    pairs = {"latent": draw(3, 6), "digit": tf.constant([[1], [5], [9]])}
    assert {id(variable) for variable in fast.variables} == {id(variable) for variable in generator.variables}
    for training in (False, True):
        assert_close(fast(pairs, training=training), generator(pairs, training=training))


def test_an_accelerated_discriminator_has_the_same_variables_dropout_and_outputs() -> None:
    discriminator = _discriminator()
    fast = accelerate(discriminator)
    image = {"image": draw(3, 28, 28, 1)}
    assert {id(variable) for variable in fast.variables} == {id(variable) for variable in discriminator.variables}
    states = [variable for variable in discriminator.non_trainable_variables if "seed" in variable.path]
    for training in (False, True):
        before = [state.numpy() for state in states]
        mine = fast(image, training=training)
        for state, value in zip(states, before, strict=True):
            state.assign(value)
        theirs = discriminator(image, training=training)
        for name in ("generation", "auxiliary"):
            assert_close(mine[name], theirs[name])
    assert states


def test_sixteen_bits_drop_by_the_layers_own_seeds_and_nothing_in_inference() -> None:
    discriminator = _discriminator()
    fast = accelerate(discriminator, dropout_bits=16)
    image = {"image": draw(3, 28, 28, 1)}
    assert_close(fast(image, training=False)["auxiliary"], discriminator(image, training=False)["auxiliary"])
    drops = [layer for layer in fast.layers if isinstance(layer, FastDropout)]
    assert [layer.name for layer in drops] == [f"dropout_{number}" for number in (1, 2, 3, 4)]
    seeds = [layer.layer.seed_generator.state for layer in drops]
    before = [state.numpy() for state in seeds]
    first = np.asarray(fast(image, training=True)["auxiliary"])
    assert all((state.numpy() != value).any() for state, value in zip(seeds, before, strict=True))
    assert not np.array_equal(fast(image, training=True)["auxiliary"], first)
    for state, value in zip(seeds, before, strict=True):
        state.assign(value)
    assert np.array_equal(fast(image, training=True)["auxiliary"], first)


@pytest.mark.parametrize(
    "layer",
    [layers.Dropout(0.0), layers.Dropout(0.5, noise_shape=(None, 1, 1, 2)), layers.SpatialDropout2D(0.5)],
)
def test_dropout_that_drops_nothing_or_whole_maps_stays_as_it_is(layer: keras.layers.Layer) -> None:
    image = keras.Input((7, 7, 2))
    assert accelerate(keras.Model(image, layer(image)), dropout_bits=16).layers[-1] is layer


def _normalization(maps: int = 8, **options: Any) -> tuple[keras.Model, layers.BatchNormalization]:
    image = keras.Input((5, 6, maps))
    layer = layers.BatchNormalization(momentum=0.7, epsilon=0.01, **options)
    model = keras.Model(image, layer(image))
    for number, variable in enumerate(layer.weights):
        variable.assign(1 + abs(draw(maps, seed=number)))
    return model, layer


def _normalized(model: keras.Model, layer: layers.BatchNormalization, *, training: bool) -> list[Any]:
    """Maps, the gradients of maps, scale and offset, and both moving averages after one call."""
    before = layer.get_weights()
    maps = 3 + 2 * draw(4, 5, 6, 8)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        loss = tf.reduce_sum(draw(4, 5, 6, 8, seed=1) * (given := model(maps, training=training)))
    results = [given, *tape.gradient(loss, [maps, layer.gamma.value, layer.beta.value])]
    results += [average.numpy() for average in (layer.moving_mean, layer.moving_variance)]
    layer.set_weights(before)
    return results


@pytest.mark.parametrize(("training", "frozen"), [(True, False), (True, True), (False, False)])
def test_fast_batch_normalisation_equals_the_layers_own_in_gradients_and_averages(
    *, training: bool, frozen: bool
) -> None:
    model, layer = _normalization()
    layer.trainable = not frozen
    assert _replaced(model) == [layer.name]
    results = [_normalized(one, layer, training=training) for one in (accelerate(model), model)]
    for mine, theirs in zip(*results, strict=True):
        assert_close(mine, theirs)
    moved = bool(np.any(results[0][-1] != layer.moving_variance.numpy()))
    assert moved == (training and not frozen)


def test_all_convolutions_of_both_networks_are_accelerated() -> None:
    convolutions = [name for name in _replaced(_generator(filters=[8, 8, 8])) if name.startswith("conv")]
    assert convolutions == [f"conv2d_transpose_{number}" for number in (1, 2, 3)]
    assert _replaced(_discriminator()) == [f"conv2d_{number}" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(2, 3, padding="same"),
        layers.Conv2D(2, 3, padding="same", activation="relu"),
        layers.Conv2D(2, 3, padding="same", use_bias=False),
        layers.Conv2D(2, 3, padding="valid"),
        layers.Conv2D(2, 3, padding="same", strides=2),
        layers.Conv2D(2, 3, padding="valid", strides=(2, 1)),
        layers.Conv2D(1, 5, padding="same"),
        layers.Conv2D(1, 2, padding="same"),
        layers.Conv2D(2, 7, padding="same", strides=2),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same"),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False),
        layers.Conv2DTranspose(8, 5, strides=2, padding="same"),
        layers.BatchNormalization(),
    ],
)
def test_layers_of_known_shapes_are_accelerated_with_the_same_maps_and_gradients(layer: keras.layers.Layer) -> None:
    image = keras.Input((7, 7, 2))
    model = keras.Model(image, layer(image))
    assert _replaced(model) == [layer.name]
    for mine, theirs in zip(*(_maps_and_gradients(one, layer) for one in (accelerate(model), model)), strict=True):
        assert_close(mine, theirs, ROUNDING_OF_PRODUCTS)


def _maps_and_gradients(model: keras.Model, layer: keras.layers.Layer) -> list[Any]:
    maps = draw(3, 7, 7, 2)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        given = model(maps, training=True)
        loss = tf.reduce_sum(given * draw(*given.shape, seed=1))
    return [given, *tape.gradient(loss, [maps, *(variable.value for variable in layer.trainable_variables)])]


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        layers.Conv2DTranspose(1, 5, strides=2, padding="valid"),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", output_padding=1),
        layers.Conv2D(2, 3, padding="same", dilation_rate=2),
        layers.Conv2D(2, 3, padding="same", groups=2),
        layers.Conv2D(2, 3, padding="valid", use_bias=False),
        layers.Conv2D(2, 3, padding="same", dtype="mixed_bfloat16"),
        layers.BatchNormalization(axis=1),
        layers.BatchNormalization(scale=False),
        layers.BatchNormalization(center=False),
        layers.BatchNormalization(renorm=True),
        layers.BatchNormalization(synchronized=True),
        layers.BatchNormalization(dtype="mixed_bfloat16"),
    ],
)
def test_layers_of_other_shapes_stay_as_they_are(layer: keras.layers.Layer) -> None:
    image = keras.Input((7, 7, 2))
    model = keras.Model(image, layer(image))
    assert accelerate(model).layers[-1] is layer


class TwiceConvolved(layers.Conv2D):  # type: ignore[misc]
    """A convolution that computes something else."""

    def call(self, inputs: Any) -> Any:
        return 2 * super().call(inputs)


@pytest.mark.parametrize(
    "layer",
    [TwiceConvolved(2, 3, padding="same"), layers.Conv2D(2, 3, padding="same", activity_regularizer="l2")],
)
def test_layers_that_compute_more_than_a_fast_kernel_stay_as_they_are(layer: keras.layers.Layer) -> None:
    image = keras.Input((7, 7, 2))
    assert accelerate(keras.Model(image, layer(image))).layers[-1] is layer


def test_operations_between_layers_stay_as_they_are() -> None:
    image = keras.Input((7, 7, 2))
    convolved = layers.Conv2D(2, 3, padding="same")(2 * image)
    model = keras.Model(image, keras.ops.cast(convolved, "float64"))
    fast, maps = accelerate(model), draw(2, 7, 7, 2)
    assert_close(tf.cast(fast(maps), "float32"), tf.cast(model(maps), "float32"), ROUNDING_OF_PRODUCTS)


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((8, 8, 2), layers.Conv2DTranspose(8, 5, strides=2, padding="same")),
        ((5,), layers.BatchNormalization()),
    ],
)
def test_inputs_of_other_shapes_stay_as_they_are(shape: tuple[int, ...], layer: keras.layers.Layer) -> None:
    inputs = keras.Input(shape)
    assert accelerate(keras.Model(inputs, layer(inputs))).layers[-1] is layer


def test_maps_of_unknown_size_stay_as_they_are() -> None:
    image = keras.Input((None, None, 2))
    layer = layers.Conv2DTranspose(1, 5, strides=2, padding="same")
    assert accelerate(keras.Model(image, layer(image))).layers[-1] is layer


@pytest.mark.parametrize("build", [_generator, _discriminator])
def test_a_network_stays_savable_and_its_layers_keep_their_names(
    build: Callable[[], keras.Model], tmp_path: Path
) -> None:
    network = build()
    names = [layer.name for layer in network.layers]
    accelerate(network)
    assert [layer.name for layer in network.layers] == names
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    inputs = {"latent": draw(3, 6), "digit": tf.constant([[1], [5], [9]]), "image": draw(3, 28, 28, 1)}
    given = {name: inputs[name] for name in network.input}
    for mine, theirs in zip(keras.tree.flatten(loaded(given)), keras.tree.flatten(network(given)), strict=True):
        assert np.array_equal(mine, theirs)
