"""Encoders and decoders small enough to train within a second."""

from typing import Any

import keras
import yaml

from pipeline.settings.composed import Settings, validate
from pipeline.settings.paths import ROOT
from pipeline.training.family import find_family
from tests.composing import CHOICES
from tests.training.tiny import small_splits

SMALL: dict[str, Any] = {
    "steps": 10,
    "report_every": 5,
    "report_images": 20,
    "batch_size": 4,
    "width": 16,
    "decay_steps": None,
}
CODES = {"autoencoder": "dim", "vae": "latent_size"}


def coding_settings(family: str, seed: int = 0, **changes: Any) -> Settings[Any]:
    """The project's own settings of a family with few filters; keywords change its block further."""
    numbers = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    numbers["data"]["validation"] = 20
    numbers[family] |= SMALL | changes
    choices = {**CHOICES, "seed": seed, "family": family}
    return validate({**numbers, **choices}).resolve(gpu=False)


def coding_training(family: str, seed: int = 0, **changes: Any) -> Any:
    """A training of its own, not yet begun, on noise."""
    settings = coding_settings(family, seed, **changes)
    return find_family(family).build(settings, small_splits(settings))


def constant_decoder(name: str, size: int, *, logit: float) -> keras.Model:
    """A real decoder whose every pixel is the tanh of one number, whatever the code."""
    code = keras.Input((size,), name=name)
    zeros = keras.layers.Dense(32 * 32, kernel_initializer="zeros", bias_initializer=_constant(logit))(code)
    sheet = keras.layers.Reshape((32, 32, 1))(zeros)
    return keras.Model({name: code}, keras.layers.Activation("tanh", name="pixels")(sheet), name="decoder")


def _constant(value: float) -> keras.initializers.Initializer:
    return keras.initializers.Constant(value)
