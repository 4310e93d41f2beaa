"""Tests of networks that compute in another precision than float32."""

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.kernels.accelerate import FastConvolution, accelerate
from pipeline.models import autoencoder, vae
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.models.precision import computing_in
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.images import DIGITS
from tests import families
from tests.training.tiny import small_settings

BFLOAT16 = "mixed_bfloat16"


def _acgan() -> AcganSettings:
    return small_settings().model


def _generator() -> keras.Model:
    return build_generator(_acgan().generator, latent_size=6, seed=0, format=DIGITS)


def _vae_encoder() -> keras.Model:
    return vae.build_encoder(families.vae(), seed=0)


BUILDS: dict[str, Callable[[], keras.Model]] = {
    "generator": _generator,
    "discriminator": lambda: build_discriminator(_acgan().discriminator, seed=0, format=DIGITS),
    "code of means": lambda: autoencoder.build_encoder(families.autoencoder(), seed=0),
    "code of a dense layer": lambda: autoencoder.build_encoder(families.autoencoder(width=32), seed=0),
    "vae encoder": _vae_encoder,
    "vae decoder": lambda: vae.build_decoder(families.vae(), _vae_encoder(), seed=0),
}


def _inputs(model: keras.Model) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    return {
        name: draw.integers(0, 10, (2, *entry.shape[1:]))
        if entry.dtype == "int32"
        else draw.uniform(-1, 1, (2, *entry.shape[1:])).astype(np.float32)
        for name, entry in model.input.items()
    }


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield from _layers(layer) if isinstance(layer, keras.Model) else (layer,)


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_convolutions_compute_in_bfloat16_and_weights_and_outputs_are_float32(
    build: Callable[[], keras.Model], tmp_path: Path
) -> None:
    with computing_in(BFLOAT16):
        model = build()
    inside = {layer.compute_dtype for layer in _layers(model) if "conv2d" in layer.name}
    assert "bfloat16" in inside
    assert {weight.dtype for weight in model.weights} <= {"float32", "uint32"}
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    inputs = _inputs(model)
    given, again = keras.tree.flatten(model(inputs)), keras.tree.flatten(loaded(inputs))
    assert {output.dtype.name for output in (*given, *again)} == {"float32"}
    assert all(np.array_equal(one, other) for one, other in zip(given, again, strict=True))


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_outputs_are_near_those_of_float32(build: Callable[[], keras.Model]) -> None:
    with computing_in(BFLOAT16):
        rounded = build()
    full = build()
    inputs = _inputs(full)
    for one, other in zip(keras.tree.flatten(rounded(inputs)), keras.tree.flatten(full(inputs)), strict=True):
        np.testing.assert_allclose(one, other, atol=0.03)


def test_what_was_set_before_counts_again_afterwards_even_after_an_error() -> None:
    with pytest.raises(RuntimeError), computing_in(BFLOAT16):
        raise RuntimeError
    assert keras.config.dtype_policy().name == "float32"
    assert {layer.compute_dtype for layer in _generator().layers} == {"float32"}


def test_a_network_of_another_precision_keeps_its_own_convolutions() -> None:
    with computing_in(BFLOAT16):
        generator = _generator()
    kinds = [isinstance(layer, FastConvolution) for layer in accelerate(generator).layers]
    assert kinds.count(True) == 1, "the last one alone, which computes in float32"
