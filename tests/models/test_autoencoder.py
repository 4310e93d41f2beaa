"""Tests of the autoencoder's halves against their table in the source."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.composition.join import join
from pipeline.models.autoencoder import build_decoder, build_encoder
from pipeline.models.convolutional import before_tanh, last_map
from tests.families import autoencoder

Row = tuple[str, tuple[int, ...], int]
ENCODER: list[Row] = [  # kind, output shape, parameters, for one channel
    ("Conv2D", (16, 16, 16), 416),
    ("BatchNormalization", (16, 16, 16), 64),
    ("LeakyReLU", (16, 16, 16), 0),
    ("Conv2D", (8, 8, 32), 12_832),
    ("BatchNormalization", (8, 8, 32), 128),
    ("LeakyReLU", (8, 8, 32), 0),
    ("Conv2D", (4, 4, 64), 51_264),
    ("BatchNormalization", (4, 4, 64), 256),
    ("LeakyReLU", (4, 4, 64), 0),
    ("Conv2D", (2, 2, 128), 204_928),
    ("BatchNormalization", (2, 2, 128), 512),
    ("LeakyReLU", (2, 2, 128), 0),
    ("Conv2D", (1, 1, 256), 819_456),
    ("BatchNormalization", (1, 1, 256), 1_024),
    ("LeakyReLU", (1, 1, 256), 0),
    ("GlobalAveragePooling2D", (256,), 0),
]
DECODER: list[Row] = [
    ("Dense", (256,), 65_792),
    ("Reshape", (1, 1, 256), 0),
    ("Conv2DTranspose", (2, 2, 128), 819_328),
    ("BatchNormalization", (2, 2, 128), 512),
    ("ReLU", (2, 2, 128), 0),
    ("Conv2DTranspose", (4, 4, 64), 204_864),
    ("BatchNormalization", (4, 4, 64), 256),
    ("ReLU", (4, 4, 64), 0),
    ("Conv2DTranspose", (8, 8, 32), 51_232),
    ("BatchNormalization", (8, 8, 32), 128),
    ("ReLU", (8, 8, 32), 0),
    ("Conv2DTranspose", (16, 16, 16), 12_816),
    ("BatchNormalization", (16, 16, 16), 64),
    ("ReLU", (16, 16, 16), 0),
    ("Conv2DTranspose", (32, 32, 1), 401),
    ("Activation", (32, 32, 1), 0),
]
IN_COLOUR: dict[Row, int] = {("Conv2D", (16, 16, 16), 416): 1_216, ("Conv2DTranspose", (32, 32, 1), 401): 1_203}


def _halves(seed: int = 0, **changes: Any) -> tuple[keras.Model, keras.Model]:
    settings = autoencoder(**changes)
    encoder = build_encoder(settings, seed=seed)
    return encoder, build_decoder(settings, encoder, seed=seed)


def _rows(model: keras.Model) -> list[Row]:
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    return [(type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params()) for layer in layers]


def _in_colour(row: Row) -> Row:
    kind, shape, parameters = row
    return kind, (*shape[:2], 3) if shape == (32, 32, 1) else shape, IN_COLOUR.get(row, parameters)


def _images(channels: int = 1, size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (2, size, size, channels)).astype("float32")


@pytest.fixture(scope="module")
def halves() -> tuple[keras.Model, keras.Model]:
    return _halves(dim=256)


def test_every_row_of_the_tables_is_a_layer(halves: tuple[keras.Model, keras.Model]) -> None:
    encoder, decoder = halves
    assert _rows(encoder) == ENCODER
    assert _rows(decoder) == DECODER


def test_images_in_colour_change_the_first_row_and_the_last_two() -> None:
    encoder, decoder = _halves(dim=256, channels=3)
    assert _rows(encoder) == [_in_colour(row) for row in ENCODER]
    assert _rows(decoder) == [_in_colour(row) for row in DECODER]
    assert encoder.input["image"].shape == (None, 32, 32, 3)


@pytest.mark.parametrize(("channels", "first", "second"), [(1, 1_090_880, 1_155_393), (3, 1_091_680, 1_156_195)])
def test_halves_and_whole_have_the_parameters_of_the_table(channels: int, first: int, second: int) -> None:
    encoder, decoder = _halves(dim=256, channels=channels)
    assert (encoder.count_params(), decoder.count_params()) == (first, second)
    assert join(encoder, decoder, name="autoencoder").count_params() == first + second


def test_convolutions_are_five_by_five_halve_and_double_and_leak_a_fifth(
    halves: tuple[keras.Model, keras.Model],
) -> None:
    convolutions = [
        layer
        for half in halves
        for layer in half.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose)
    ]
    assert len(convolutions) == 10
    assert {layer.kernel_size for layer in convolutions} == {(5, 5)}
    assert {layer.strides for layer in convolutions} == {(2, 2)}
    assert {layer.padding for layer in convolutions} == {"same"}
    leaks = [layer.negative_slope for layer in halves[0].layers if isinstance(layer, keras.layers.LeakyReLU)]
    assert np.allclose(leaks, [0.2] * 5)
    assert halves[1].layers[-1].activation is keras.activations.tanh


def test_the_whole_lists_the_layers_of_both_halves_in_a_row(halves: tuple[keras.Model, keras.Model]) -> None:
    encoder, decoder = halves
    names = [layer.name for layer in [*encoder.layers, *decoder.layers[1:]]]
    whole = join(encoder, decoder, name="autoencoder")
    assert [layer.name for layer in whole.layers] == names
    assert [layer.name for layer in [*encoder.layers, *decoder.layers[1:]]] == names


def test_the_join_is_what_walking_the_decoders_layers_in_a_line_gives(
    halves: tuple[keras.Model, keras.Model],
) -> None:
    encoder, decoder = halves
    features = encoder.output
    for layer in decoder.layers[1:]:
        features = layer(features)
    recipe = keras.Model(encoder.input, features)
    whole = join(encoder, decoder, name="autoencoder")
    assert whole.count_params() == recipe.count_params()
    assert all(one is other for one, other in zip(whole.weights, recipe.weights, strict=True))
    given = {"image": _images()}
    np.testing.assert_array_equal(whole(given), recipe(given))
    np.testing.assert_array_equal(whole(given), decoder({"code": encoder(given)}))


def test_reconstructions_lie_within_minus_one_and_one(halves: tuple[keras.Model, keras.Model]) -> None:
    images = np.asarray(halves[1]({"code": np.full((3, 256), 50, np.float32)}))
    assert images.shape == (3, 32, 32, 1)
    assert np.abs(images).max() <= 1


@pytest.mark.parametrize("size", [32, 64, 96])
def test_the_decoder_begins_at_the_encoders_last_map_and_comes_back_to_its_size(size: int) -> None:
    encoder, decoder = _halves(image_size=size)
    assert last_map(encoder) == (size // 32, size // 32)
    assert decoder.get_layer("reshape").output.shape == (None, size // 32, size // 32, 16)
    assert join(encoder, decoder, name="whole").output_shape == (None, size, size, 1)


def test_a_decoder_reads_the_last_map_of_any_encoder() -> None:
    image = keras.Input((28, 20, 1), name="image")
    features = keras.layers.Conv2D(3, 3, strides=4, padding="same")(image)
    encoder = keras.Model(image, keras.layers.Dense(16)(keras.layers.Flatten()(features)))
    decoder = build_decoder(autoencoder(), encoder, seed=0)
    assert decoder.output_shape == (None, 7 * 32, 5 * 32, 1)


def test_a_small_code_need_not_mean_a_small_network() -> None:
    encoder, decoder = _halves(dim=10, width=64)
    filters = [layer.filters for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]
    assert filters == [4, 8, 16, 32, 64]
    assert _rows(encoder)[-2:] == [("GlobalAveragePooling2D", (64,), 0), ("Dense", (10,), 650)]
    assert decoder.input["code"].shape == (None, 10)
    assert decoder.get_layer("dense").units == 64


def test_the_width_of_the_source_is_the_size_of_the_code() -> None:
    assert [half.count_params() for half in _halves(dim=32)] == [
        half.count_params() for half in _halves(dim=32, width=32)
    ]


def test_the_seed_decides_every_initial_weight_and_no_two_layers_begin_alike() -> None:
    one, same, other = (_halves(seed, dim=16) for seed in (1, 1, 2))
    for mine, yours, theirs in zip(one, same, other, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(mine.get_weights(), yours.get_weights(), strict=True))
        assert not np.array_equal(mine.get_weights()[0], theirs.get_weights()[0])
    kernels = [np.asarray(layer.kernel).ravel() for half in one for layer in half.layers if hasattr(layer, "kernel")]
    assert len({round(float(kernel[0] / kernel[1]), 4) for kernel in kernels}) == len(kernels) == 11


def test_batch_normalisation_takes_its_momentum_from_the_settings() -> None:
    layers = [layer for half in _halves(batch_norm_momentum=0.75) for layer in half.layers]
    momenta = [layer.momentum for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert momenta == [0.75] * 9


def test_the_whole_loads_back_from_one_file(tmp_path: Path) -> None:
    whole = join(*_halves(), name="autoencoder")
    whole.save(tmp_path / "autoencoder.keras")
    loaded = keras.models.load_model(tmp_path / "autoencoder.keras")
    np.testing.assert_array_equal(loaded({"image": _images()}), whole({"image": _images()}))


def test_a_decoder_is_the_tanh_of_what_comes_before_it_also_from_a_file(tmp_path: Path) -> None:
    encoder = build_encoder(autoencoder(), seed=0)
    decoder = build_decoder(autoencoder(), encoder, seed=0)
    join(encoder, decoder, name="whole")
    decoder.save(tmp_path / "decoder.keras")
    codes = {"code": np.random.default_rng(0).normal(size=(3, 16)).astype("float32")}
    for model in (decoder, keras.models.load_model(tmp_path / "decoder.keras")):
        np.testing.assert_allclose(np.tanh(before_tanh(model)(codes)), decoder(codes), atol=1e-6)
        assert before_tanh(model).count_params() == decoder.count_params()
