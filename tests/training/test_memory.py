"""What TensorFlow keeps of compiled functions that are gone."""

import gc
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.framework.func_graph import FuncGraph

from pipeline.training.memory import clear_gradients


@tf.custom_gradient
def squared(x: Any) -> tuple[Any, Any]:
    return x * x, lambda upstream: upstream * 2 * x


def slope(x: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = squared(x)
    return tape.gradient(y, x)


def graphs() -> int:
    gc.collect()
    return sum(isinstance(one, FuncGraph) for one in gc.get_objects())


@pytest.mark.slow
def test_a_function_with_a_gradient_of_its_own_leaves_no_graph_once_it_is_cleared() -> None:
    clear_gradients()  # of tests before this one
    gc.freeze()  # or each look would go through the objects of all tests
    try:
        before = graphs()
        for _ in range(3):
            assert float(tf.function(slope)(tf.constant(3.0))) == 6.0
        assert graphs() == before + 3
        clear_gradients()
        assert graphs() == before
    finally:
        gc.unfreeze()
