"""Tests of generator and discriminator in a row, against the table in the literature."""

import math
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

from pipeline.composition.join import join
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import DiscriminatorSettings, GeneratorSettings
from pipeline.settings.images import DIGITS
from pipeline.settings.paths import ROOT


@pytest.fixture(scope="module")
def halves() -> tuple[keras.Model, keras.Model]:
    numbers = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["acgan"]
    return (
        build_generator(GeneratorSettings.model_validate(numbers["generator"]), latent_size=100, seed=0, format=DIGITS),
        build_discriminator(DiscriminatorSettings.model_validate(numbers["discriminator"]), seed=0, format=DIGITS),
    )


@pytest.fixture(scope="module")
def combined(halves: tuple[keras.Model, keras.Model]) -> keras.Model:
    return join(*halves, name="combined")


def _size(weights: list[keras.Variable]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def test_combined_has_3183732_parameters(combined: keras.Model) -> None:
    assert combined.count_params() == 3_183_732


def test_2657321_are_trainable_and_526411_not_while_the_discriminator_is_frozen(
    halves: tuple[keras.Model, keras.Model], combined: keras.Model
) -> None:
    discriminator = halves[1]
    discriminator.trainable = False
    try:
        assert _size(combined.trainable_weights) == 2_657_321
        assert _size(combined.non_trainable_weights) == 526_411
    finally:
        discriminator.trainable = True
    assert _size(combined.trainable_weights) == 2_657_321 + 525_835
    assert _size(combined.non_trainable_weights) == 576


def test_combined_has_the_generators_inputs_and_the_discriminators_outputs(combined: keras.Model) -> None:
    assert {name: tensor.shape for name, tensor in combined.input.items()} == {
        "latent": (None, 100),
        "digit": (None, 1),
    }
    assert {name: tensor.shape for name, tensor in combined.output.items()} == {
        "generation": (None, 1),
        "auxiliary": (None, 10),
    }


def test_outputs_are_named_generation_and_auxiliary_not_after_the_discriminator(combined: keras.Model) -> None:
    assert sorted(combined.output_names) == ["auxiliary", "generation"]


def test_every_layer_is_one_of_a_half(halves: tuple[keras.Model, keras.Model], combined: keras.Model) -> None:
    layers = [layer for half in halves for layer in half.layers if layer.name != "image"]
    assert {id(layer) for layer in combined.layers} == {id(layer) for layer in layers}
    assert len(combined.layers) == len(layers) == 12 + 15


def test_combined_is_the_discriminator_of_the_generator_also_when_it_is_loaded(
    halves: tuple[keras.Model, keras.Model], combined: keras.Model, tmp_path: Path
) -> None:
    generator, discriminator = halves
    draw = np.random.default_rng(0)
    given = {"latent": draw.uniform(-1, 1, (2, 100)).astype("float32"), "digit": np.array([[4], [7]], np.int32)}
    expected = discriminator({"image": generator(given)})
    combined.save(tmp_path / "combined.keras")
    for model in (combined, keras.models.load_model(tmp_path / "combined.keras")):
        outputs = model(given)
        for name in ("generation", "auxiliary"):
            np.testing.assert_array_equal(outputs[name], expected[name])
