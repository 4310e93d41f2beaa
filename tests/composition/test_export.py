"""Models as ONNX and as SavedModel compute what Keras computes."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.composition.export import OPSET, draw_inputs, export_onnx, export_saved_model, largest_difference
from pipeline.judging.network import build_judge
from pipeline.models import autoencoder, vae
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.images import DIGITS
from tests import families
from tests.judges import tiny_settings
from tests.training.tiny import small_settings

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.slow


def generator() -> keras.Model:
    return build_generator(small_settings().model.generator, latent_size=6, seed=1, format=DIGITS)


def discriminator() -> keras.Model:
    return build_discriminator(small_settings().model.discriminator, seed=1, format=DIGITS)


def judge() -> keras.Model:
    return build_judge(tiny_settings(), format=DIGITS)


def encoder() -> keras.Model:
    return autoencoder.build_encoder(families.autoencoder(), seed=1)


def decoder() -> keras.Model:
    return autoencoder.build_decoder(families.autoencoder(), encoder(), seed=1)


def vae_encoder() -> keras.Model:
    return vae.build_encoder(families.vae(), seed=1)


def vae_decoder() -> keras.Model:
    return vae.build_decoder(families.vae(), vae_encoder(), seed=1)


MODELS: dict[Callable[[], keras.Model], tuple[set[str], set[str]]] = {
    generator: ({"latent", "digit"}, {"image"}),
    discriminator: ({"image"}, {"generation", "auxiliary"}),
    judge: ({"image"}, {"features", "digit"}),
    encoder: ({"image"}, {"code"}),
    decoder: ({"code"}, {"image"}),
    vae_encoder: ({"image", "noise"}, {"mean", "log_variance", "latent"}),
    vae_decoder: ({"latent"}, {"image"}),
}


def with_drawn_weights(model: keras.Model) -> keras.Model:
    """The model as a training may leave it: no weight, average or bias is 0 or 1."""
    draw = np.random.default_rng(3)
    for variable in (one for one in model.weights if one.dtype == "float32"):
        variable.assign(np.asarray(variable) + draw.uniform(0.01, 0.05, variable.shape))
    return model


@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
def test_an_onnx_file_computes_what_keras_computes_of_a_thousand_inputs(
    build: Callable[[], keras.Model], tmp_path: Path
) -> None:
    model, file = with_drawn_weights(build()), tmp_path / "a.onnx"
    export_onnx(model, file)
    assert largest_difference(model, file, draw_inputs(model, count=1000)) < 1e-5
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = {given.name for given in session.get_inputs()}, {given.name for given in session.get_outputs()}
    assert names == MODELS[build]
    (opset,) = (one.version for one in onnx.load(file).opset_import if one.domain == "")
    assert opset == OPSET == 15
    assert [path.name for path in tmp_path.iterdir()] == ["a.onnx"]


def test_a_difference_is_found(tmp_path: Path) -> None:
    model, file = with_drawn_weights(judge()), tmp_path / "a.onnx"
    export_onnx(model, file)
    bias = model.get_layer("features").bias
    bias.assign(np.asarray(bias) + 1)
    assert largest_difference(model, file, draw_inputs(model, count=10)) > 1e-3


def test_a_saved_model_serves_without_keras_and_replaces_an_earlier_one(tmp_path: Path) -> None:
    model = with_drawn_weights(decoder())
    for _ in range(2):
        export_saved_model(model, tmp_path / "decoder")
    assert [path.name for path in tmp_path.iterdir()] == ["decoder"]
    inputs = draw_inputs(model, count=5)
    loaded = tf.saved_model.load(tmp_path / "decoder")
    served = loaded.serve({name: tf.constant(array) for name, array in inputs.items()})
    np.testing.assert_allclose(served["image"], model(inputs), atol=1e-5)


def test_an_output_never_has_an_inputs_name(tmp_path: Path) -> None:
    image = keras.Input((4, 4, 1), name="image")
    model = keras.Model({"image": image}, keras.layers.ReLU()(image))
    export_onnx(model, tmp_path / "a.onnx")
    assert [one.name for one in ort.InferenceSession(tmp_path / "a.onnx").get_outputs()] == ["output"]


def test_whole_numbers_are_drawn_as_digits() -> None:
    drawn = draw_inputs(generator(), count=500)
    assert set(np.unique(drawn["digit"])) == set(range(10))
    assert drawn["digit"].dtype == np.int32
    assert -1 <= drawn["latent"].min() < -0.9 < 0.9 < drawn["latent"].max() < 1
