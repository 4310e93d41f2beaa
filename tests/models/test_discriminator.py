"""Tests of the discriminator against its table in the literature."""

import math
from typing import Any

import keras
import numpy as np
import pytest
import yaml

from pipeline.models.discriminator import build_discriminator
from pipeline.settings.acgan import DiscriminatorSettings
from pipeline.settings.images import DIGITS
from pipeline.settings.paths import ROOT

BLOCKS = [
    ("Conv2D", (14, 14, 32), 320),
    ("LeakyReLU", (14, 14, 32), 0),
    ("Dropout", (14, 14, 32), 0),
    ("Conv2D", (14, 14, 64), 18_496),
    ("LeakyReLU", (14, 14, 64), 0),
    ("Dropout", (14, 14, 64), 0),
    ("Conv2D", (7, 7, 128), 73_856),
    ("LeakyReLU", (7, 7, 128), 0),
    ("Dropout", (7, 7, 128), 0),
    ("Conv2D", (7, 7, 256), 295_168),
    ("LeakyReLU", (7, 7, 256), 0),
    ("Dropout", (7, 7, 256), 0),
    ("Flatten", (12_544,), 0),
]


def _build(seed: int = 0, **changes: Any) -> keras.Model:
    numbers = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["acgan"]["discriminator"]
    return build_discriminator(DiscriminatorSettings.model_validate({**numbers, **changes}), seed=seed, format=DIGITS)


@pytest.fixture(scope="module")
def discriminator() -> keras.Model:
    return _build(dropout=0.3)


def _row(layer: keras.Layer) -> tuple[str, tuple[int, ...], int]:
    return type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params()


def test_every_row_of_the_table_is_a_layer(discriminator: keras.Model) -> None:
    rows = [_row(layer) for layer in discriminator.layers]
    assert rows[:-2] == [("InputLayer", (28, 28, 1), 0), *BLOCKS]
    assert _row(discriminator.get_layer("generation")) == ("Dense", (1,), 12_545)
    assert _row(discriminator.get_layer("auxiliary")) == ("Dense", (10,), 125_450)


def test_backbone_has_387840_parameters_and_the_whole_525835(discriminator: keras.Model) -> None:
    backbone = [layer for layer in discriminator.layers if layer.name not in {"generation", "auxiliary"}]
    assert sum(layer.count_params() for layer in backbone) == 387_840
    assert discriminator.count_params() == 525_835


def test_every_parameter_is_trainable(discriminator: keras.Model) -> None:
    assert not discriminator.non_trainable_weights
    assert sum(math.prod(weight.shape) for weight in discriminator.trainable_weights) == 525_835


def test_convolutions_are_three_by_three_with_strides_two_one_two_one(discriminator: keras.Model) -> None:
    layers = [layer for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.kernel_size for layer in layers] == [(3, 3)] * 4
    assert [layer.strides for layer in layers] == [(2, 2), (1, 1), (2, 2), (1, 1)]
    assert {layer.padding for layer in layers} == {"same"}
    assert {layer.activation for layer in layers} == {keras.activations.linear}


def test_a_fifth_leaks_below_zero_and_three_tenths_are_dropped(discriminator: keras.Model) -> None:
    leak = discriminator.get_layer("leaky_relu_1")
    np.testing.assert_allclose(leak(np.array([[-1, 2]], np.float32)), np.array([[-0.2, 2]]), rtol=1e-6)
    assert [discriminator.get_layer(f"dropout_{number}").rate for number in (1, 2, 3, 4)] == [0.3] * 4


def test_outputs_are_named_probabilities(discriminator: keras.Model) -> None:
    outputs = discriminator({"image": np.random.default_rng(0).uniform(-1, 1, (3, 28, 28, 1)).astype("float32")})
    assert {name: tuple(values.shape) for name, values in outputs.items()} == {
        "generation": (3, 1),
        "auxiliary": (3, 10),
    }
    assert all(0 < float(value) < 1 for value in np.ravel(outputs["generation"]))
    np.testing.assert_allclose(np.sum(outputs["auxiliary"], axis=1), 1, rtol=1e-6)


def test_kernels_are_glorot_uniform_and_biases_zero(discriminator: keras.Model) -> None:
    for layer in discriminator.layers:
        if layer.weights:
            *window, fan_in, fan_out = layer.kernel.shape
            limit = math.sqrt(6 / (math.prod(window) * (fan_in + fan_out)))
            assert 0.95 * limit < np.abs(layer.kernel).max() <= limit
            assert np.std(layer.kernel) == pytest.approx(limit / math.sqrt(3), rel=0.1)
            assert not np.any(layer.bias)


def test_the_seed_decides_weights_and_dropout() -> None:
    small = {"filters": [4, 4, 4, 4]}
    one, same, other = (_build(seed, **small) for seed in (1, 1, 2))
    image = {"image": np.ones((2, 28, 28, 1), np.float32)}
    drops = [np.asarray(model(image, training=True)["auxiliary"]) for model in (one, same, other)]
    assert all(np.array_equal(mine, yours) for mine, yours in zip(one.get_weights(), same.get_weights(), strict=True))
    np.testing.assert_array_equal(drops[0], drops[1])
    assert not np.array_equal(one.get_weights()[0], other.get_weights()[0])
    assert not np.array_equal(drops[0], drops[2])


def test_no_two_layers_begin_alike() -> None:
    model = _build(filters=[8, 8, 8, 8])
    kernels = [np.asarray(model.get_layer(f"conv2d_{number}").kernel) for number in (2, 3, 4)]
    assert not np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[1], kernels[2])
