"""Tests of trainings that are compiled by XLA or compute in bfloat16."""

from typing import Any

import numpy as np
import pytest

from pipeline.settings.composed import Settings
from pipeline.training.family import Training, Values, build_training, find_family
from tests.training.encoder_decoder.coding import coding_settings
from tests.training.tiny import NO_DROPOUT, small_settings, small_splits

SETTINGS: dict[str, Settings] = {
    # XLA draws dropout by another algorithm.
    "acgan": small_settings(**NO_DROPOUT),
    "autoencoder": coding_settings("autoencoder"),
    "vae": coding_settings("vae"),
}
each_family = pytest.mark.parametrize("family", SETTINGS)


def _training(family: str, **compute: Any) -> Training:
    settings = SETTINGS[family]
    settings = settings.model_copy(update={"compute": settings.compute.model_copy(update=compute)})
    return build_training(find_family(family), settings, small_splits(settings))


def _losses(training: Training) -> Values:
    taken = [training.take_step(step) for step in range(2)]
    assert all(np.isfinite(list(values.values())).all() for values in taken)
    return taken[0]


@pytest.mark.long
@each_family
def test_a_step_compiled_by_xla_has_the_same_losses(family: str) -> None:
    plain, compiled = _losses(_training(family)), _losses(_training(family, xla=True))
    assert compiled == pytest.approx(plain, rel=1e-3)


@pytest.mark.slow
@each_family
def test_a_step_in_bfloat16_has_nearly_the_same_losses_and_weights_in_float32(family: str) -> None:
    plain, rounded = _training(family), _training(family, precision="mixed_bfloat16")
    assert _losses(rounded) == pytest.approx(_losses(plain), rel=0.05, abs=0.02)
    assert {name: value.dtype for name, value in rounded.variables().items()} == {
        name: value.dtype for name, value in plain.variables().items()
    }
    assert rounded.samples().dtype == np.float32
