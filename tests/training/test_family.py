"""Tests of what all families share."""

import gc

import pytest

from pipeline.training.family import clear_models


@pytest.mark.slow
def test_clearing_models_thaws_what_a_training_has_frozen() -> None:
    gc.freeze()
    clear_models()
    assert gc.get_freeze_count() == 0
