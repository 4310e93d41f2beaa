"""What a trained code is set beside."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.keys import Key
from pipeline.runs.baselines import baseline_errors
from pipeline.training.autoencoder.family import FAMILY
from tests.training.encoder_decoder.coding import coding_settings, coding_training
from tests.training.tiny import small_splits

pytestmark = pytest.mark.slow

SETTINGS = coding_settings("autoencoder", dim=5)
SPLITS = small_splits(SETTINGS)


def test_components_and_an_untrained_encoder_are_scored_by_the_errors_of_the_trained() -> None:
    found = baseline_errors(FAMILY, SPLITS, SETTINGS)
    names = ("pca", "random_encoder_linear_decoder")
    assert set(found) == {Key.parse(f"test/{name}/{error}") for name in names for error in ("mse", "bce")}
    assert all(np.isfinite(value) for value in found.values())


def test_the_untrained_encoder_is_the_one_that_the_training_began_with() -> None:
    assert FAMILY.encode is not None
    begun = FAMILY.encode(coding_training("autoencoder", dim=5).parts(), SPLITS.test.images, SETTINGS)
    built = FAMILY.encode(FAMILY.build(SETTINGS, SPLITS).parts(), SPLITS.test.images, SETTINGS)
    np.testing.assert_array_equal(begun, built)
    assert begun.shape == (30, 5)


def test_components_are_as_many_as_the_code_has_numbers() -> None:
    two, five = (
        baseline_errors(FAMILY, SPLITS, coding_settings("autoencoder", dim=size))[Key.parse("test/pca/mse")]
        for size in (2, 5)
    )
    assert two == pytest.approx(five, rel=0.2)
    assert two != five


def test_a_family_whose_codes_do_not_count_is_set_beside_nothing() -> None:
    assert baseline_errors(replace(FAMILY, encode=None), SPLITS, SETTINGS) == {}
