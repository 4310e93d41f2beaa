"""Tests of the quick transposed convolutions against Keras' own layers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from pipeline.models.generator import build_generator
from pipeline.models.transposed import QuickConv2DTranspose, by_phases, by_toom_cook, quicken
from pipeline.settings.acgan import Settings
from tests.training.tiny import small_settings

Kernel = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def _close(mine: Any, theirs: Any) -> None:
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5 * float(np.abs(theirs).max()))


def _generator(**changes: Any) -> keras.Model:
    acgan = small_settings(generator=changes).model
    assert isinstance(acgan, Settings)
    return build_generator(acgan.generator, latent_size=6, seed=0)


def _draw(*shape: int, seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def _maps_and_gradients(compute: Kernel, maps: tf.Tensor, kernel: tf.Tensor) -> list[NDArray[Any]]:
    with tf.GradientTape() as tape:
        tape.watch([maps, kernel])
        given = compute(maps, kernel)
        loss = tf.reduce_sum(given * _draw(*given.shape, seed=1))
    return [given.numpy(), *(gradient.numpy() for gradient in tape.gradient(loss, [maps, kernel]))]


def _assert_plain(
    compute: Kernel, stride: int, padding: str, *, maps: tuple[int, int], window: tuple[int, int], outputs: int
) -> None:
    given, kernel = _draw(2, *maps, 6), _draw(*window, outputs, 6, seed=2)
    sides = [stride * side if stride == 2 else side + wide - 1 for side, wide in zip(maps, window, strict=True)]

    def plain(given: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d_transpose(given, kernel, (2, *sides, outputs), stride, padding)

    results = _maps_and_gradients(compute, given, kernel), _maps_and_gradients(plain, given, kernel)
    for mine, theirs in zip(*results, strict=True):
        assert mine.shape == theirs.shape
        _close(mine, theirs)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("maps", [(3, 3), (7, 4), (1, 2)])
def test_phases_and_their_gradients_are_those_of_the_plain_convolution(maps: tuple[int, int], outputs: int) -> None:
    _assert_plain(by_phases, 2, "SAME", maps=maps, window=(5, 5), outputs=outputs)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize(("maps", "window"), [((3, 3), (5, 5)), ((4, 2), (4, 6)), ((1, 7), (7, 1))])
def test_toom_cooks_products_and_their_gradients_are_those_of_the_plain_convolution(
    maps: tuple[int, int], window: tuple[int, int], outputs: int
) -> None:
    _assert_plain(by_toom_cook, 1, "VALID", maps=maps, window=window, outputs=outputs)


def test_toom_cooks_rounding_is_near_that_of_float32_at_the_generators_own_size() -> None:
    maps, kernel = _draw(8, 3, 3, 384), _draw(5, 5, 192, 384, seed=2)
    exact = tf.nn.conv2d_transpose(tf.cast(maps, tf.float64), tf.cast(kernel, tf.float64), (8, 7, 7, 192), 1, "VALID")
    error = np.sqrt(np.mean((by_toom_cook(maps, kernel).numpy() - exact.numpy()) ** 2) / np.mean(exact**2))
    assert error < 2e-6


def test_a_quickened_generator_has_the_very_variables_and_gives_the_same_images() -> None:
    generator = _generator()
    quick = quicken(generator)
    pairs = {"latent": _draw(3, 6), "digit": tf.constant([[1], [5], [9]])}
    assert {id(variable) for variable in quick.variables} == {id(variable) for variable in generator.variables}
    for training in (False, True):
        _close(quick(pairs, training=training), generator(pairs, training=training))


def test_the_generators_first_and_last_transposed_convolutions_are_quickened_and_the_middle_one_is_not() -> None:
    quick = quicken(_generator(filters=[8, 8, 8]))
    replaced = [layer.name for layer in quick.layers if isinstance(layer, QuickConv2DTranspose)]
    assert replaced == ["conv2d_transpose_1", "conv2d_transpose_3"]


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        layers.Conv2DTranspose(1, 5, strides=2, padding="valid"),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", output_padding=1),
        layers.Conv2DTranspose(8, 5, strides=2, padding="same"),
        layers.Conv2D(1, 5, padding="same"),
    ],
)
def test_layers_of_other_shapes_stay_as_they_are(layer: keras.layers.Layer) -> None:
    image = keras.Input((8, 8, 2))
    model = keras.Model(image, layer(image))
    assert quicken(model).layers[-1] is layer


def test_a_generator_stays_savable_and_its_layers_keep_their_names(tmp_path: Path) -> None:
    generator = _generator()
    names = [layer.name for layer in generator.layers]
    quicken(generator)
    assert [layer.name for layer in generator.layers] == names
    generator.save(tmp_path / "generator.keras")
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    pairs = {"latent": _draw(3, 6), "digit": tf.constant([[1], [5], [9]])}
    assert np.array_equal(loaded(pairs), generator(pairs))
