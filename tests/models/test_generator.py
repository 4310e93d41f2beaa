"""Tests of the generator against its table in the literature."""

import math
from typing import Any

import keras
import numpy as np
import pytest
import yaml

from pipeline.models.generator import build_generator
from pipeline.settings.acgan import GeneratorSettings
from pipeline.settings.images import DIGITS
from pipeline.settings.paths import ROOT

ROWS = [  # kind, output shape, parameters, those not trainable
    ("Embedding", (1, 100), 1_000, 0),
    ("Flatten", (100,), 0, 0),
    ("Multiply", (100,), 0, 0),
    ("Dense", (3_456,), 349_056, 0),
    ("Reshape", (3, 3, 384), 0, 0),
    ("Conv2DTranspose", (7, 7, 192), 1_843_392, 0),
    ("BatchNormalization", (7, 7, 192), 768, 384),
    ("Conv2DTranspose", (14, 14, 96), 460_896, 0),
    ("BatchNormalization", (14, 14, 96), 384, 192),
    ("Conv2DTranspose", (28, 28, 1), 2_401, 0),
]
DECODER = ("Dense", "Reshape", "Conv2DTranspose", "BatchNormalization")


def _build(seed: int = 0, latent_size: int = 100, **changes: Any) -> keras.Model:
    numbers = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["acgan"]["generator"]
    settings = GeneratorSettings.model_validate({**numbers, **changes})
    return build_generator(settings, latent_size=latent_size, seed=seed, format=DIGITS)


@pytest.fixture(scope="module")
def generator() -> keras.Model:
    return _build(embedding_deviation=None)


def _kind(layer: keras.Layer) -> str:
    return type(layer).__name__


def _size(weights: list[keras.Variable]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def test_every_row_of_the_table_is_a_layer(generator: keras.Model) -> None:
    rows = [
        (_kind(layer), tuple(layer.output.shape[1:]), layer.count_params(), _size(layer.non_trainable_weights))
        for layer in generator.layers
        if _kind(layer) != "InputLayer"
    ]
    assert rows == ROWS


def test_inputs_are_a_latent_of_100_and_a_whole_digit(generator: keras.Model) -> None:
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in generator.input.items()} == {
        "latent": ((None, 100), "float32"),
        "digit": ((None, 1), "int32"),
    }


def test_decoder_part_has_2656897_parameters(generator: keras.Model) -> None:
    assert sum(layer.count_params() for layer in generator.layers if _kind(layer) in DECODER) == 2_656_897


def test_2657321_of_2657897_parameters_are_trainable(generator: keras.Model) -> None:
    assert generator.count_params() == 2_657_897
    assert _size(generator.trainable_weights) == 2_657_321
    assert _size(generator.non_trainable_weights) == 576


def test_transposed_convolutions_are_five_by_five_and_grow_three_to_twenty_eight(generator: keras.Model) -> None:
    layers = [layer for layer in generator.layers if _kind(layer) == "Conv2DTranspose"]
    assert [layer.kernel_size for layer in layers] == [(5, 5)] * 3
    assert [layer.strides for layer in layers] == [(1, 1), (2, 2), (2, 2)]
    assert [layer.padding for layer in layers] == ["valid", "same", "same"]
    assert [layer.activation.__name__ for layer in layers] == ["relu", "relu", "tanh"]
    assert generator.get_layer("dense").activation.__name__ == "relu"


def test_the_product_of_latent_and_embedding_is_taken_number_by_number(generator: keras.Model) -> None:
    embedding = np.asarray(generator.get_layer("embedding").embeddings)
    product = keras.Model(generator.input, generator.get_layer("multiply").output)
    latent = np.linspace(-1, 1, 200, dtype=np.float32).reshape(2, 100)
    given = {"latent": latent, "digit": np.array([[3], [9]], np.int32)}
    np.testing.assert_allclose(product(given), latent * embedding[[3, 9]], rtol=1e-6)


def test_images_lie_within_minus_one_and_one(generator: keras.Model) -> None:
    generous = np.full((3, 100), 50, np.float32)
    images = np.asarray(generator({"latent": generous, "digit": np.array([[0], [5], [9]], np.int32)}))
    assert images.shape == (3, 28, 28, 1)
    assert np.abs(images).max() <= 1


def test_glorots_embedding_has_deviation_0_13(generator: keras.Model) -> None:
    embeddings = np.asarray(generator.get_layer("embedding").embeddings)
    assert math.sqrt(2 / 110) == pytest.approx(0.13, abs=0.005)
    assert embeddings.std() == pytest.approx(math.sqrt(2 / 110), rel=0.07)
    assert embeddings.mean() == pytest.approx(0, abs=0.015)


def test_embedding_deviation_is_the_deviation_of_the_embedding() -> None:
    for deviation in (0.5, 1.0):
        embeddings = np.asarray(
            _build(embedding_deviation=deviation, filters=[2, 2, 2]).get_layer("embedding").embeddings
        )
        assert embeddings.std() == pytest.approx(deviation, rel=0.07)


def test_transposed_convolutions_are_glorot_normal_and_the_dense_layer_uniform(generator: keras.Model) -> None:
    uniform = math.sqrt(3)
    for name in ("conv2d_transpose_1", "conv2d_transpose_2", "conv2d_transpose_3", "dense"):
        kernel = np.asarray(generator.get_layer(name).kernel)
        *window, one, other = kernel.shape
        deviation = math.sqrt(2 / (math.prod(window) * (one + other)))
        assert kernel.std() == pytest.approx(deviation, rel=0.05)
        farthest = np.abs(kernel).max() / deviation
        assert farthest <= uniform * 1.0001 if name == "dense" else 1.2 * uniform < farthest < 2.3
        assert not np.any(generator.get_layer(name).bias)


def test_batch_normalisation_takes_its_momentum_from_the_settings() -> None:
    model = _build(filters=[2, 2, 2], batch_norm_momentum=0.75)
    assert [model.get_layer(f"batch_normalization_{number}").momentum for number in (1, 2)] == [0.75, 0.75]


def test_the_seed_decides_every_initial_weight() -> None:
    one, same, other = (_build(seed, filters=[4, 4, 4], latent_size=6) for seed in (1, 1, 2))
    assert all(np.array_equal(mine, yours) for mine, yours in zip(one.get_weights(), same.get_weights(), strict=True))
    for name in ("dense", "conv2d_transpose_1", "conv2d_transpose_2", "conv2d_transpose_3"):
        assert not np.array_equal(one.get_layer(name).kernel, other.get_layer(name).kernel)
    assert not np.array_equal(one.get_layer("embedding").embeddings, other.get_layer("embedding").embeddings)


def test_the_latent_may_have_another_size() -> None:
    model = _build(filters=[4, 4, 4], latent_size=7)
    assert model.get_layer("embedding").embeddings.shape == (10, 7)
    assert model.input["latent"].shape == (None, 7)
