"""Tests of trainings that are compiled by XLA, compute in bfloat16 or by Keras' own layers."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.judging.network import build_judge
from pipeline.kernels.accelerate import FastConvolution, FastLayer, FastNormalization, accelerate
from pipeline.settings.composed import Settings
from pipeline.settings.images import DIGITS
from pipeline.training.acgan.training import AcganTraining
from pipeline.training.checkpoints import load_parts, save_parts
from pipeline.training.encoder_decoder.coding import CodingTraining
from pipeline.training.family import Training, Values
from tests.judges import tiny_settings
from tests.training.conftest import Begin
from tests.training.encoder_decoder.coding import coding_settings
from tests.training.tiny import EVERY_TERM, NO_DROPOUT, arrays, small_settings

pytestmark = pytest.mark.slow

SETTINGS: dict[str, Settings] = {
    # XLA draws dropout by another algorithm.
    "acgan": small_settings(**NO_DROPOUT),
    "autoencoder": coding_settings("autoencoder"),
    "vae": coding_settings("vae"),
}
each_family = pytest.mark.parametrize("family", SETTINGS)


def _losses(training: Training) -> Values:
    taken = [training.take_step(step) for step in range(2)]
    assert all(np.isfinite(list(values.values())).all() for values in taken)
    return taken[0]


@pytest.mark.long
@each_family
def test_a_step_compiled_by_xla_has_the_same_losses(begin: Begin, family: str) -> None:
    plain, compiled = _losses(begin(SETTINGS[family])), _losses(begin(SETTINGS[family], xla=True))
    assert compiled == pytest.approx(plain, rel=1e-3)


@pytest.mark.long
def test_every_term_compiled_by_xla_has_the_same_losses(begin: Begin) -> None:
    """Of a step with a penalty and of one without, each compiled alone."""
    settings = small_settings(**EVERY_TERM)
    plain, compiled = begin(settings), begin(settings, xla=True)
    for step in range(2):
        assert compiled.take_step(step) == pytest.approx(plain.take_step(step), rel=1e-2)


@each_family
def test_a_step_in_bfloat16_has_nearly_the_same_losses_and_weights_in_float32(begin: Begin, family: str) -> None:
    plain, rounded = begin(SETTINGS[family]), begin(SETTINGS[family], precision="mixed_bfloat16")
    assert _losses(rounded) == pytest.approx(_losses(plain), rel=0.05, abs=0.02)
    assert {name: value.dtype for name, value in rounded.variables().items()} == {
        name: value.dtype for name, value in plain.variables().items()
    }
    assert rounded.samples().dtype == np.float32


@pytest.mark.parametrize("kernels", ["fast", "plain"])
def test_every_term_of_the_losses_is_nearly_the_same_in_bfloat16(begin: Begin, kernels: str) -> None:
    settings = small_settings(**EVERY_TERM)
    plain, rounded = (
        begin(settings, kernels=kernels, precision=precision) for precision in ("float32", "mixed_bfloat16")
    )
    assert _losses(rounded) == pytest.approx(_losses(plain), rel=0.05, abs=0.02)


# `original` drops features by the same draws whatever the kernels; `shared` draws half the bits with fast ones.
SAME_DRAWS: Mapping[str, Settings] = {
    "original": small_settings(recipe="original"),
    "shared, no dropout": small_settings(recipe="shared", adam={"global_clipnorm": 0.01}, **NO_DROPOUT),
    "autoencoder": SETTINGS["autoencoder"],
    "vae": SETTINGS["vae"],
}


@pytest.mark.parametrize("name", SAME_DRAWS)
def test_a_step_by_plain_kernels_has_the_same_losses_gradients_and_statistics(begin: Begin, name: str) -> None:
    fast, plain = (begin(SAME_DRAWS[name], kernels=kernels) for kernels in ("fast", "plain"))
    assert fast.take_step(0) == pytest.approx(plain.take_step(0), rel=2e-5)
    after, expected = arrays(fast.variables()), arrays(plain.variables())
    assert after.keys() == expected.keys()
    # Adam's first step is a gradient's sign, so that moments are compared and not the weights they move.
    weights = {variable.path for model in plain.parts().values() for variable in model.trainable_variables}
    compared = {key: variable.path for key, variable in plain.variables().items() if variable.path not in weights}
    assert len(compared) > len(weights)
    sizes = {key: float(np.abs(expected[key]).max()) for key in compared}
    # A bias before batch normalisation has a gradient of 0, of which rounding leaves a trace.
    trace = 1e-6 * max(size for key, size in sizes.items() if compared[key].endswith("momentum"))
    for key, path in compared.items():
        smallest = 1e-3 * sizes[key] + trace * ("bias_" in path)
        np.testing.assert_allclose(after[key], expected[key], rtol=1e-3, atol=smallest, err_msg=path)


@pytest.mark.parametrize("family", ["autoencoder", "vae"])
def test_an_encoder_and_a_decoder_learn_by_the_fast_kernels_and_are_scored_by_keras_own_layers(
    begin: Begin, family: str
) -> None:
    fast, plain = (begin(SETTINGS[family], kernels=kernels) for kernels in ("fast", "plain"))
    assert isinstance(fast, CodingTraining)
    assert isinstance(plain, CodingTraining)
    assert (plain.encode, plain.decode) == plain.scored
    for learning in (fast.encode, fast.decode):
        assert any(isinstance(layer, FastNormalization) for layer in learning.layers)
        assert any(isinstance(layer, FastConvolution) for layer in learning.layers)
    assert not any(isinstance(layer, FastLayer) for model in fast.scored for layer in model.layers)


def test_no_variable_is_of_int32_which_tensorflow_keeps_in_the_hosts_memory(begin: Begin) -> None:
    """A step that XLA compiles for a GPU cannot read it there."""
    every = [*SAME_DRAWS.values(), small_settings(**EVERY_TERM)]
    kinds = {variable.dtype for settings in every for variable in begin(settings).variables().values()}
    assert kinds == {"float32", "int64"}


@each_family
def test_no_model_asks_keras_to_compile_its_predictions_on_a_gpu(
    begin: Begin, family: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    training = begin(SETTINGS[family])
    save_parts(tmp_path, training.parts())
    judge = build_judge(tiny_settings(), format=DIGITS)
    learning = accelerate(judge)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: [SimpleNamespace(device_type="GPU")])
    learning.compile("adam", "mse")
    models = [*training.parts().values(), *load_parts(tmp_path).values(), judge, learning]
    assert not [model.name for model in models if model.jit_compile]


def test_plain_kernels_are_keras_own_layers_and_adam(begin: Begin) -> None:
    training = begin(small_settings(), kernels="plain")
    assert isinstance(training, AcganTraining)
    networks = training.networks
    assert networks.discriminate is networks.discriminator
    assert networks.generate is networks.generator
    assert networks.generate_averaged is networks.averaged
    assert type(networks.generator_optimizer) is keras.optimizers.Adam
