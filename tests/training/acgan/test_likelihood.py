"""Tests of which generated images are pulled towards which real ones, and how strongly."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.settings.acgan import LikelihoodSettings
from pipeline.settings.images import DIGITS
from pipeline.training.acgan.likelihood import Candidates, likelihood_loss


def _images(*greys: float) -> tf.Tensor:
    return tf.constant(np.array(greys, np.float32)[:, None, None, None] * np.ones((28, 28, 1), np.float32))


def _latents(*numbers: float) -> tf.Tensor:
    return tf.constant([[number, -number] for number in numbers], tf.float32)


def _candidates(count: int = 4) -> Candidates:
    return Candidates(LikelihoodSettings(weight=1.0, images=2, candidates=count), latent_size=2, format=DIGITS)


def _added(candidates: Candidates, greys: list[float], digits: list[int]) -> Candidates:
    candidates.add(_images(*greys), _latents(*greys), tf.constant(digits)[:, tf.newaxis])
    return candidates


def test_the_real_images_furthest_from_their_digits_candidates_are_chosen_with_the_nearest_ones_latent() -> None:
    candidates = _added(_candidates(), [0.0, 0.5, 0.9], [3, 3, 7])
    chosen = candidates.choose(_images(0.1, 0.9, 0.2), tf.constant([3, 3, 7]), 2)
    assert chosen.index.numpy().tolist() == [2, 1]
    np.testing.assert_array_equal(chosen.latent, _latents(0.9, 0.5))
    assert chosen.digit.numpy().tolist() == [[7], [3]]
    assert chosen.found.numpy().tolist() == [1, 1]


def test_a_digit_that_has_no_candidate_is_not_found_and_comes_last() -> None:
    candidates = _added(_candidates(), [0.0], [3])
    chosen = candidates.choose(_images(0.1, 0.9), tf.constant([3, 5]), 2)
    assert chosen.index.numpy().tolist() == [0, 1]
    assert chosen.found.numpy().tolist() == [1, 0]


def test_without_any_candidate_nothing_is_found() -> None:
    chosen = _candidates().choose(_images(0.1, 0.9), tf.constant([3, 5]), 2)
    assert not np.any(chosen.found)


def test_the_oldest_candidates_make_room_for_new_ones() -> None:
    candidates = _added(_added(_candidates(3), [0.0, 0.1], [3, 3]), [0.8, 0.9], [3, 3])
    chosen = candidates.choose(_images(0.0), tf.constant([3]), 1)
    np.testing.assert_array_equal(chosen.latent, _latents(0.1))
    np.testing.assert_array_equal(candidates.choose(_images(1.0), tf.constant([3]), 1).latent, _latents(0.9))


def test_the_loss_is_the_mean_squared_distance_in_units_of_the_real_norm() -> None:
    """Squared distances 4 and 1, squared norms 9 and 1: (4 + 1) / (9 + 1)."""
    real, generated = tf.constant([[3.0, 0.0], [0.0, 1.0]]), tf.constant([[1.0, 0.0], [1.0, 1.0]])
    assert float(likelihood_loss(real, generated, tf.ones(2))) == pytest.approx(0.5)
    assert float(likelihood_loss(real, generated, tf.constant([0.0, 1.0]))) == pytest.approx(0.1)


def test_the_loss_moves_generated_images_alone() -> None:
    real, generated = tf.constant([[3.0]]), tf.constant([[1.0]])
    with tf.GradientTape() as tape:
        tape.watch([real, generated])
        loss = likelihood_loss(real, generated, tf.ones(1))
    of_real, of_generated = tape.gradient(loss, [real, generated])
    assert of_real is None
    assert float(of_generated[0, 0]) == pytest.approx(-4 / 9)
