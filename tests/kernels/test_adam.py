"""Tests of the fused Adam against Keras' own."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.kernels.adam import FusedAdam


def _compiled(optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable]) -> Callable[..., None]:
    def move(*gradients: tf.Tensor) -> None:
        optimizer.apply(list(gradients), variables)

    compiled: Callable[..., None] = tf.function(move)
    return compiled


@pytest.mark.parametrize("betas", [(0.3, 0.999), (0.9, 0.99)])
def test_moments_and_weights_are_keras_own_but_for_rounding(betas: tuple[float, float]) -> None:
    draw = np.random.default_rng(0).normal
    start = [draw(size=shape).astype(np.float32) for shape in ((5, 5, 3, 4), (7,))]
    optimizers = [kind(0.004, beta_1=betas[0], beta_2=betas[1]) for kind in (FusedAdam, keras.optimizers.Adam)]
    weights = [[keras.Variable(array) for array in start] for _ in optimizers]
    for optimizer, variables in zip(optimizers, weights, strict=True):
        optimizer.build(variables)
    moves = [_compiled(optimizer, variables) for optimizer, variables in zip(optimizers, weights, strict=True)]
    for step in range(20):
        gradients = [tf.constant(draw(size=array.shape), tf.float32) for array in start]
        for optimizer, move in zip(optimizers, moves, strict=True):
            optimizer.learning_rate.assign(0.004 / (step + 1))
            move(*gradients)
    mine, theirs = optimizers
    for one, other in zip(mine.variables + weights[0], theirs.variables + weights[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-6, err_msg=one.path)
    assert int(mine.iterations) == 20


@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0, 1e25, np.inf, np.nan])
def test_gradients_are_clipped_by_their_norm_as_keras_does(scale: float) -> None:
    draw = np.random.default_rng(0).normal
    gradients = [tf.constant(scale * draw(size=shape), tf.float32) for shape in ((4, 3), (5,))]
    mine, theirs = (
        kind(0.004, global_clipnorm=5.0)._clip_gradients(gradients) for kind in (FusedAdam, keras.optimizers.Adam)
    )
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_gradients_below_the_norm_are_handed_on_as_they_are() -> None:
    gradient = tf.constant([3.0, 4.0])
    assert FusedAdam(0.004, global_clipnorm=5.1)._clip_gradients([gradient])[0] is gradient


def test_what_the_fused_step_does_not_do_is_refused() -> None:
    with pytest.raises(ValueError, match="`amsgrad` must be False"):
        FusedAdam(0.004, amsgrad=True)
