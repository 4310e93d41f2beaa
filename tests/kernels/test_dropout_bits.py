"""Tests of dropout by half the random bits."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.kernels.dropout_bits import LEVELS, drop

SEED = tf.constant([3, 7], tf.uint32)
ONES = tf.ones((200, 30, 10))


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
def test_the_share_of_numbers_is_dropped_and_the_rest_scaled_up_to_the_same_mean(rate: float) -> None:
    given = drop(ONES, rate, SEED).numpy()
    error = 4 * np.sqrt(rate * (1 - rate) / given.size)
    assert np.mean(given == 0) == pytest.approx(rate, abs=error)
    assert np.unique(given[given > 0]) == pytest.approx([1 / (1 - round(rate * LEVELS) / LEVELS)])


def test_numbers_that_share_their_random_bits_are_dropped_independently() -> None:
    dropped = drop(ONES, 0.3, SEED).numpy().ravel() == 0
    assert np.mean(dropped[0::2] & dropped[1::2]) == pytest.approx(0.09, abs=4 * np.sqrt(0.09 * 0.91 / 30_000))
    for half in (dropped[0::2], dropped[1::2]):
        assert np.mean(half) == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 30_000))


def test_a_seed_drops_the_same_numbers_and_another_seed_others() -> None:
    first, again, other = (drop(ONES, 0.3, tf.constant([3, word], tf.uint32)).numpy() for word in (7, 7, 8))
    assert np.array_equal(first, again)
    assert np.mean((first == 0) == (other == 0)) == pytest.approx(0.58, abs=0.02)


def test_an_odd_count_and_a_rate_just_below_one_leave_the_shape_and_something() -> None:
    assert drop(tf.ones((3, 5)), 0.5, SEED).shape == (3, 5)
    kept = drop(tf.ones((1000, 1000)), 1 - 1e-9, SEED).numpy()
    assert np.count_nonzero(kept) > 0


def test_what_is_dropped_has_no_gradient_and_the_rest_its_scale() -> None:
    with tf.GradientTape() as tape:
        tape.watch(ONES)
        given = drop(ONES, 0.3, SEED)
    assert np.array_equal(tape.gradient(given, ONES), given)
