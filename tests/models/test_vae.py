"""Tests of the variational autoencoder's halves and of the draw between them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.composition.graph import opens
from pipeline.composition.join import join, nest
from pipeline.models.vae import build_decoder, build_encoder, build_sampling
from tests.families import vae

ENDS = [  # what follows the five halvings of width 128: layer, output shape, parameters
    ("features", (128,), 0),
    ("mean", (2,), 258),
    ("log_variance", (2,), 258),
]
LOAD = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
image, noise = np.load(sys.argv[2]).values()
np.save(sys.argv[3], model({"image": image, "noise": noise}))
assert not [name for name in sys.modules if name.startswith("pipeline")]
"""


def _halves(seed: int = 0, **changes: Any) -> tuple[keras.Model, keras.Model]:
    settings = vae(**changes)
    encoder = build_encoder(settings, seed=seed)
    return encoder, build_decoder(settings, encoder, seed=seed)


def _given(latent_size: int = 2, *, noise: float | None = None) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    drawn = draw.normal(size=(3, latent_size)) if noise is None else np.full((3, latent_size), noise)
    return {"image": draw.uniform(-1, 1, (3, 32, 32, 1)).astype("float32"), "noise": drawn.astype("float32")}


@pytest.fixture(scope="module")
def halves() -> tuple[keras.Model, keras.Model]:
    return _halves(width=128)


def test_the_encoder_ends_in_mean_log_variance_and_a_draw(halves: tuple[keras.Model, keras.Model]) -> None:
    encoder = halves[0]
    assert [(name, tuple(encoder.get_layer(name).output.shape[1:])) for name, _, _ in ENDS] == [
        (name, shape) for name, shape, _ in ENDS
    ]
    assert [encoder.get_layer(name).count_params() for name, _, _ in ENDS] == [count for _, _, count in ENDS]
    assert {name: tensor.shape for name, tensor in encoder.output.items()} == dict.fromkeys(
        ("mean", "log_variance", "latent"), (None, 2)
    )


@pytest.mark.parametrize(("latent_size", "first", "second"), [(2, 273_956, 273_185), (16, 277_568, 274_977)])
def test_halves_have_the_parameters_of_their_width(latent_size: int, first: int, second: int) -> None:
    encoder, decoder = _halves(width=128, latent_size=latent_size)
    assert (encoder.count_params(), decoder.count_params()) == (first, second)


def test_a_draw_is_the_mean_and_the_noise_times_the_standard_deviation() -> None:
    mean, noise = np.array([[1.0, -2.0]], np.float32), np.array([[0.5, -1.0]], np.float32)
    log_variance = np.log(np.array([[4.0, 9.0]], np.float32))
    np.testing.assert_allclose(build_sampling(2)([mean, log_variance, noise]), [[1 + 0.5 * 2, -2 - 3]], rtol=1e-6)


def test_draws_of_standard_normal_noise_have_the_mean_and_the_variance() -> None:
    count = 20_000
    noise = np.random.default_rng(0).normal(size=(count, 1)).astype("float32")
    column = np.ones((count, 1), np.float32)
    draws = np.asarray(build_sampling(1)([column * 3, column * np.log(0.25), noise]))
    assert draws.mean() == pytest.approx(3, abs=0.02)
    assert draws.var() == pytest.approx(0.25, rel=0.03)


def test_without_noise_the_latent_is_the_mean(halves: tuple[keras.Model, keras.Model]) -> None:
    given = halves[0](_given(noise=0))
    np.testing.assert_array_equal(given["latent"], given["mean"])


def test_the_whole_passes_the_latent_on_and_lists_the_layers_of_the_draw(
    halves: tuple[keras.Model, keras.Model],
) -> None:
    encoder, decoder = halves
    whole = join(encoder, decoder, name="vae")
    names = [layer.name for layer in whole.layers]
    assert not any(opens(layer) for layer in whole.layers)
    assert {"half_log_variance", "deviation", "scaled_noise", "latent"} <= set(names)
    assert set(names) - {"half_log_variance", "deviation", "scaled_noise", "latent"} == {
        layer.name for half in halves for layer in half.layers if layer.name != "sampling"
    } - {"latent"}
    expected = decoder({"latent": encoder(_given())["latent"]})
    np.testing.assert_array_equal(whole(_given()), expected)
    np.testing.assert_array_equal(nest(encoder, decoder, name="boxes")(_given()), expected)


def test_images_lie_within_minus_one_and_one_at_the_size_of_the_encoders(
    halves: tuple[keras.Model, keras.Model],
) -> None:
    images = np.asarray(halves[1]({"latent": np.full((3, 2), 50, np.float32)}))
    assert images.shape == (3, 32, 32, 1)
    assert np.abs(images).max() <= 1
    assert _halves(image_size=64, channels=3)[1].output_shape == (None, 64, 64, 3)


def test_the_seed_decides_every_initial_weight_and_mean_and_log_variance_begin_apart() -> None:
    one, same, other = (_halves(seed) for seed in (1, 1, 2))
    for mine, yours, theirs in zip(one, same, other, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(mine.get_weights(), yours.get_weights(), strict=True))
        assert not np.array_equal(mine.get_weights()[0], theirs.get_weights()[0])
    assert not np.array_equal(one[0].get_layer("mean").kernel, one[0].get_layer("log_variance").kernel)


@pytest.mark.slow
def test_the_whole_loads_from_one_file_where_this_package_is_not_imported(tmp_path: Path) -> None:
    whole, given = join(*_halves(), name="vae"), _given()
    whole.save(tmp_path / "vae.keras")
    np.savez(tmp_path / "given.npz", image=given["image"], noise=given["noise"])
    files = [tmp_path / name for name in ("vae.keras", "given.npz", "images.npy")]
    subprocess.run([sys.executable, "-c", LOAD, *map(str, files)], check=True, cwd=tmp_path, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "images.npy"), whole(given), atol=1e-6)
