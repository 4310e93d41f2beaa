"""A composition small enough to train within a second, and data to train it on."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.data.dataset import Dataset, Splits, split
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.composed import Settings, validate
from pipeline.settings.compute import Kernels
from pipeline.settings.paths import ROOT
from pipeline.training.acgan.training import AcganTraining
from tests.composing import CHOICES

SMALL: Mapping[str, Any] = {
    "steps": 10,
    "report_every": 5,
    "report_images": 20,
    "batch_size": 4,
    "latent_size": 6,
    "decay_steps": None,
    "soft_label": {"real": 0.95, "generated": 0.0, "trick": 0.95},
    "auxiliary_weight": {"real": 1.0, "generated": 0.0, "trick": 0.4},
    "generator": {
        "filters": [8, 4, 4],
        "embedding_deviation": None,
        "batch_norm_momentum": 0.9,
        "learning_rate": 0.004,
        "moving_average": 0.99,
        "energy_distance": 0.0,
        "likelihood": {"weight": 0.0, "images": 2},
    },
    "discriminator": {"filters": [4, 4, 8, 8], "dropout": 0.3, "learning_rate": 0.002, "gradient_penalty": 0.0},
    "adam": {"beta_1": 0.3, "beta_2": 0.99, "global_clipnorm": 5.0},
}
NO_DROPOUT: Mapping[str, Any] = {"discriminator": {"dropout": 0.0}}
EVERY_TERM: Mapping[str, Any] = {
    "generator": {"energy_distance": 1.0, "likelihood": {"weight": 1.0}},
    "discriminator": {"gradient_penalty": 0.05, "dropout": 0.0},
}


def small_settings(seed: int = 0, *, kernels: Kernels = "fast", **acgan: Any) -> Settings[AcganSettings]:
    """The project's own settings with small networks; further keywords change the family's block."""
    numbers = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    numbers["data"]["validation"] = 20
    numbers["compute"]["kernels"] = kernels
    numbers["acgan"] = merged(merged(numbers["acgan"], SMALL), acgan)
    choices = {**CHOICES, "seed": seed, "family": "acgan"}
    return validate({**numbers, **choices}).resolve(gpu=False)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes`, block by block."""
    nested = {
        key: merged(base[key], value) for key, value in changes.items() if isinstance(value, Mapping) and key in base
    }
    return {**base, **changes, **nested}


def small_splits(settings: Settings) -> Splits:
    """Noise in MNIST's form: 40 images to train on, 20 to validate and 30 to test, every digit among each."""
    draw = np.random.default_rng(7)
    mnist = Dataset(
        train_images=draw.integers(0, 256, (60, 28, 28), np.uint8),
        train_labels=(np.arange(60) % 10).astype(np.uint8),
        test_images=draw.integers(0, 256, (30, 28, 28), np.uint8),
        test_labels=(np.arange(30) % 10).astype(np.uint8),
    )
    return split(mnist, validation=settings.data.validation, limit=settings.data.limit)


def small_training(seed: int = 0, **acgan: Any) -> AcganTraining:
    """A training of its own, not yet begun."""
    settings = small_settings(seed, **acgan)
    return AcganTraining(settings, small_splits(settings))


def arrays(variables: Mapping[str, keras.Variable]) -> dict[str, NDArray[Any]]:
    """Copies of variables by name."""
    return {name: np.array(variable.numpy()) for name, variable in variables.items()}


def assert_same_bits(left: Mapping[str, NDArray[Any]], right: Mapping[str, NDArray[Any]]) -> None:
    """The same names, types, shapes and bytes."""
    assert left.keys() == right.keys()
    different = [
        name
        for name, one in left.items()
        if (one.dtype, one.shape, one.tobytes()) != (right[name].dtype, right[name].shape, right[name].tobytes())
    ]
    assert not different
