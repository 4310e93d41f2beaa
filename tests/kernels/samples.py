"""Comparisons of a fast kernel, and of its gradients, with the plain one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Kernel = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

ROUNDING = 1e-5
ROUNDING_OF_PRODUCTS = 5e-5


def draw(*shape: int, seed: int = 0) -> tf.Tensor:
    """Draws normal numbers."""
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def assert_close(mine: Any, theirs: Any, share: float = ROUNDING) -> None:
    """Asserts that numbers differ by rounding alone, at most by a `share` of the greatest."""
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=share * float(np.abs(theirs).max()))


def assert_plain(fast: Kernel, plain: Kernel, maps: tf.Tensor, kernel: tf.Tensor, share: float = ROUNDING) -> None:
    """Asserts that a kernel has the maps of the plain one, and its gradients of maps and kernel."""
    results = _maps_and_gradients(fast, maps, kernel), _maps_and_gradients(plain, maps, kernel)
    for mine, theirs in zip(*results, strict=True):
        assert mine.shape == theirs.shape
        assert_close(mine, theirs, share)


def rounding(fast: Kernel, plain: Kernel, maps: tf.Tensor, kernel: tf.Tensor) -> float:
    """The error of a kernel against the plain one in float64, relative to its result."""
    exact = plain(tf.cast(maps, tf.float64), tf.cast(kernel, tf.float64)).numpy()
    return float(np.sqrt(np.mean((fast(maps, kernel).numpy() - exact) ** 2) / np.mean(exact**2)))


def _maps_and_gradients(compute: Kernel, maps: tf.Tensor, kernel: tf.Tensor) -> list[NDArray[Any]]:
    with tf.GradientTape() as tape:
        tape.watch([maps, kernel])
        given = compute(maps, kernel)
        loss = tf.reduce_sum(given * draw(*given.shape, seed=1))
    return [given.numpy(), *(gradient.numpy() for gradient in tape.gradient(loss, [maps, kernel]))]
