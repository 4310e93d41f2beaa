"""Errors of pixels against known numbers."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.training.encoder_decoder.reconstruction import cross_entropies, digit_means, squared_errors


def sheet(value: float, size: int = 32, channels: int = 1) -> tf.Tensor:
    return tf.fill((2, size, size, channels), value)


def test_a_grey_that_should_be_ink_is_half_a_unit_off() -> None:
    np.testing.assert_allclose(squared_errors(sheet(0.0), sheet(1.0)), 0.25)
    np.testing.assert_allclose(cross_entropies(sheet(0.0), sheet(1.0)), np.log(2), rtol=1e-6)


def test_the_cross_entropy_is_that_of_the_grey_that_tanh_gives() -> None:
    logit, target = 0.7, 0.2
    grey, share = (np.tanh(logit) + 1) / 2, (target + 1) / 2
    expected = -(share * np.log(grey) + (1 - share) * np.log(1 - grey))
    np.testing.assert_allclose(cross_entropies(sheet(logit), sheet(target)), expected, rtol=1e-6)


def test_a_pixel_that_is_wrong_and_sure_costs_much_but_not_without_bound() -> None:
    np.testing.assert_allclose(cross_entropies(sheet(50.0), sheet(-1.0)), 100, rtol=1e-6)


def test_the_mean_is_over_the_digit_and_every_channel_and_not_over_the_sheet() -> None:
    errors = np.zeros((1, 32, 32, 3), np.float32)
    errors[:, :2] = 1000
    errors[:, 2:30, 2:30, 1] = 3
    assert digit_means(tf.constant(errors), size=28).numpy().tolist() == pytest.approx([1.0])
