"""Tests of the losses against known numbers."""

from math import log
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pipeline.settings.acgan import AuxiliaryWeight, SoftLabel
from pipeline.training.acgan.losses import (
    OutputLosses,
    auxiliary_loss,
    discriminator_losses,
    energy_distance,
    generation_loss,
    gradient_penalty,
    trick_losses,
)

SOFT = SoftLabel(real=0.95, generated=0.0, trick=0.95)
HARD = SoftLabel(real=1.0, generated=0.0, trick=1.0)
SPEC = AuxiliaryWeight(real=2.0, generated=0.0, trick=1.0)
EVEN = AuxiliaryWeight(real=1.0, generated=1.0, trick=1.0)


def _outputs(images: int, seed: int = 0) -> dict[str, tf.Tensor]:
    draw = np.random.default_rng(seed)
    return {
        "generation": tf.constant(draw.uniform(0.01, 0.99, (images, 1)), tf.float32),
        "auxiliary": tf.constant(draw.dirichlet(np.ones(10), images), tf.float32),
    }


def _digits(images: int) -> tf.Tensor:
    return tf.constant(np.arange(images)[:, None] % 10, tf.int32)


def _asked(outputs: dict[str, tf.Tensor], digits: tf.Tensor) -> np.ndarray:
    return -np.log(np.take_along_axis(np.asarray(outputs["auxiliary"], np.float64), np.asarray(digits), axis=1)[:, 0])


def test_uniform_scores_cost_log_ten_nats() -> None:
    loss = auxiliary_loss(_digits(7), tf.fill((7, 10), 0.1), tf.ones(7))
    assert float(loss) == pytest.approx(log(10), rel=1e-6)


def test_an_undecided_discriminator_costs_log_two_nats_whatever_the_label() -> None:
    for label in (0.0, 0.5, 0.95, 1.0):
        assert float(generation_loss(tf.fill((3, 1), label), tf.fill((3, 1), 0.5))) == pytest.approx(log(2), rel=1e-6)


def test_right_and_certain_answers_cost_nothing() -> None:
    outputs = {"generation": tf.constant([[1.0], [0.0]]), "auxiliary": tf.one_hot([3, 7], 10)}
    losses = discriminator_losses(outputs, tf.constant([[3], [7]]), HARD, EVEN)
    assert float(losses.total) == pytest.approx(0, abs=1e-5)


def test_wrong_and_certain_answers_cost_a_finite_much() -> None:
    outputs = {"generation": tf.constant([[0.0], [1.0]]), "auxiliary": tf.one_hot([4, 8], 10)}
    losses = discriminator_losses(outputs, tf.constant([[3], [7]]), HARD, EVEN)
    assert 10 < float(losses.generation) < 20
    assert 10 < float(losses.auxiliary) < 20


def test_the_soft_label_has_an_entropy_of_0_099_nats_as_its_minimum() -> None:
    def cost(real: float) -> float:
        outputs = {"generation": tf.constant([[real], [0.0]]), "auxiliary": tf.fill((2, 10), 0.1)}
        return float(discriminator_losses(outputs, _digits(2), SOFT, SPEC).generation)

    minimum = cost(0.95)
    assert minimum == pytest.approx(0.0993, abs=5e-5)
    assert all(cost(real) > minimum for real in (0.5, 0.9, 0.94, 0.96, 0.99, 0.999))


def test_weights_two_and_none_give_the_plain_mean_over_the_real_half() -> None:
    outputs, digits = _outputs(8), _digits(8)
    losses = discriminator_losses(outputs, digits, SOFT, SPEC)
    assert float(losses.auxiliary) == pytest.approx(_asked(outputs, digits)[:4].mean(), rel=1e-5)


def test_weights_are_summed_and_divided_by_the_whole_batch() -> None:
    outputs, digits = _outputs(8), _digits(8)
    each = _asked(outputs, digits)
    losses = discriminator_losses(outputs, digits, SOFT, AuxiliaryWeight(real=1.5, generated=0.25, trick=1.0))
    assert float(losses.auxiliary) == pytest.approx((1.5 * each[:4].sum() + 0.25 * each[4:].sum()) / 8, rel=1e-5)
    alone = auxiliary_loss(digits, outputs["auxiliary"], tf.one_hot(2, 8))
    assert float(alone) == pytest.approx(each[2] / 8, rel=1e-5)


def test_the_first_half_is_called_real_and_the_second_generated() -> None:
    outputs = _outputs(6)
    shown = np.asarray(outputs["generation"], np.float64)[:, 0]
    label = SoftLabel(real=0.8, generated=0.1, trick=1.0)
    target = np.repeat([0.8, 0.1], 3)
    expected = -(target * np.log(shown) + (1 - target) * np.log(1 - shown)).mean()
    losses = discriminator_losses(outputs, _digits(6), label, SPEC)
    assert float(losses.generation) == pytest.approx(expected, rel=1e-5)


def test_the_trick_calls_generated_images_real_and_weighs_every_digit_alike() -> None:
    outputs, digits = _outputs(6), _digits(6)
    shown = np.asarray(outputs["generation"], np.float64)[:, 0]
    label = SoftLabel(real=0.8, generated=0.1, trick=0.7)
    losses = trick_losses(outputs, digits, label, AuxiliaryWeight(real=2.0, generated=0.5, trick=0.25))
    assert float(losses.generation) == pytest.approx(-(0.7 * np.log(shown) + 0.3 * np.log(1 - shown)).mean(), rel=1e-5)
    assert float(losses.auxiliary) == pytest.approx(0.25 * _asked(outputs, digits).mean(), rel=1e-5)


def test_digits_may_stand_in_a_row_or_a_column() -> None:
    outputs, digits = _outputs(5), _digits(5)
    column, row = (auxiliary_loss(each, outputs["auxiliary"], tf.ones(5)) for each in (digits, digits[:, 0]))
    assert float(column) == float(row)


def test_the_total_is_the_sum_of_the_two() -> None:
    losses = OutputLosses(tf.constant(0.25), tf.constant(0.5))
    expected: dict[str, Any] = {"loss": 0.75, "generation_loss": 0.25, "auxiliary_loss": 0.5}
    assert losses.named() == expected


def _distance(real: list[float], generated: list[float], real_digit: list[int], generated_digit: list[int]) -> float:
    left, right = (tf.constant(values)[:, tf.newaxis] for values in (real, generated))
    return float(energy_distance(left, right, tf.constant(real_digit), tf.constant(generated_digit)))


def test_the_energy_distance_is_that_of_its_definition() -> None:
    """Between 2.5, among the generated 4, among the real 3: (2 * 2.5 - 4 - 3) / 3."""
    assert _distance([0.0, 3.0], [1.0, 5.0], [1, 1], [1, 1]) == pytest.approx(-2 / 3, abs=1e-3)


def test_the_energy_distance_compares_images_of_the_same_digit_alone() -> None:
    alone = _distance([0.0, 3.0], [1.0, 5.0], [1, 1], [1, 1])
    assert _distance([0.0, 3.0, 9.0], [1.0, 70.0, 5.0], [1, 1, 4], [1, 8, 1]) == pytest.approx(alone, abs=1e-6)


def test_the_energy_distance_of_one_distribution_is_nothing_and_grows_with_a_shift_or_a_narrower_spread() -> None:
    draw = np.random.default_rng(0)
    real, same = draw.normal(size=(2, 400, 3)).astype(np.float32)
    digit = tf.zeros(400, tf.int32)
    distances = [float(energy_distance(real, other, digit, digit)) for other in (same, same + 1, same / 4)]
    assert distances[0] == pytest.approx(0, abs=0.02)
    assert min(distances[1:]) > 0.1


def test_the_energy_distance_without_two_real_images_of_a_digit_has_no_gradient() -> None:
    generated = tf.constant([[1.0], [2.0]])
    with tf.GradientTape() as tape:
        tape.watch(generated)
        distance = energy_distance(tf.constant([[0.0], [3.0]]), generated, tf.constant([1, 2]), tf.constant([1, 1]))
    assert float(distance) == -1
    assert not np.any(tape.gradient(distance, generated))


def test_the_energy_distance_of_equal_images_has_a_finite_gradient() -> None:
    images = tf.constant([[1.0], [1.0]])
    with tf.GradientTape() as tape:
        tape.watch(images)
        distance = energy_distance(tf.constant([[1.0], [3.0]]), images, tf.constant([1, 1]), tf.constant([1, 1]))
    assert np.isfinite(tape.gradient(distance, images)).all()


def test_the_gradient_penalty_of_a_linear_logit_is_the_squared_norm_of_its_weights() -> None:
    weights = np.random.default_rng(0).normal(size=(28, 28, 1)).astype(np.float32)
    penalty = gradient_penalty(lambda images: tf.reduce_sum(images * weights, axis=(1, 2, 3)), tf.ones((3, 28, 28, 1)))
    assert float(penalty) == pytest.approx(float(np.sum(weights**2)), rel=1e-5)


def test_the_gradient_penalty_is_the_mean_over_images_and_can_be_differentiated() -> None:
    """Of a * sum(x^2) it is mean(4 a^2 sum(x^2)), and its derivative by a is 2 / a times that."""
    images = tf.constant(np.random.default_rng(1).normal(size=(4, 28, 28, 1)), tf.float32)
    expected = 4 * 9 * float(tf.reduce_sum(images**2)) / 4
    factor = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(lambda shown: factor * tf.reduce_sum(shown**2, axis=(1, 2, 3)), images)
    assert float(penalty) == pytest.approx(expected, rel=1e-5)
    assert float(tape.gradient(penalty, factor)) == pytest.approx(2 / 3 * expected, rel=1e-5)
