"""Digits that the AC-GAN generates on request."""

import numpy as np
import pytest

from pipeline.data.dataset import Splits
from pipeline.training.acgan.family import ask, evaluate, generate, walk
from tests.training.conftest import Trainings
from tests.training.tiny import small_settings

pytestmark = pytest.mark.slow
DIGITS = np.array([3, 1, 4, 1, 5], np.int32)


def test_a_request_is_a_function_of_seed_and_digits(trainings: Trainings) -> None:
    parts = trainings().parts()
    one, again, other = (ask(parts, small_settings(seed), DIGITS) for seed in (3, 3, 4))
    assert one.shape == (5, 28, 28, 1)
    assert np.array_equal(one, again)
    assert not np.allclose(one, other, atol=1e-3)


def test_the_latent_of_a_place_does_not_depend_on_the_digits(trainings: Trainings) -> None:
    parts = trainings().parts()
    ones = ask(parts, small_settings(), np.ones(3, np.int32))
    mixed = ask(parts, small_settings(), np.array([1, 7, 1, 1, 1], np.int32))
    np.testing.assert_allclose(ones[[0, 2]], mixed[[0, 2]], atol=1e-5)
    assert not np.allclose(ones[1], mixed[1], atol=1e-4)
    assert not np.allclose(ones[0], ones[2], atol=1e-4)


def test_fast_kernels_draw_and_score_what_keras_layers_do(trainings: Trainings, splits: Splits) -> None:
    parts, fast, plain = trainings().parts(), small_settings(), small_settings(kernels="plain")
    np.testing.assert_allclose(ask(parts, fast, DIGITS), ask(parts, plain, DIGITS), atol=1e-4)
    drawn, expected = (generate(parts, settings, 20) for settings in (fast, plain))
    np.testing.assert_array_equal(drawn.digits, expected.digits)
    np.testing.assert_allclose(drawn.images, expected.images, atol=1e-4)
    assert evaluate(parts, splits, fast) == pytest.approx(evaluate(parts, splits, plain), rel=1e-3)


def test_a_walk_leads_from_the_one_digit_to_the_other_in_small_steps(trainings: Trainings) -> None:
    parts, settings = trainings().parts(), small_settings(seed=2)
    images = walk(parts, settings, (3, 8), 9)
    assert images.shape == (9, 28, 28, 1)
    ends = [ask(parts, settings, np.array([digit], np.int32))[0] for digit in (3, 8)]
    np.testing.assert_allclose(images[[0, -1]], ends, atol=1e-4)
    whole = np.abs(images[-1] - images[0]).max()
    assert 0 < np.abs(np.diff(images, axis=0)).max() < whole
