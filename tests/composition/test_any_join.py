"""Properties of every join, tried on random pairs of small models with branches, merges, shared and nested layers."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from pipeline.composition.graph import opens, walk
from pipeline.composition.join import join, nest
from tests.composition.pairs import Pair, pairs

pytestmark = pytest.mark.slow


def examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, derandomize=True, database=None)


def _assert_same(left: Any, right: Any) -> None:
    keras.tree.assert_same_structure(left, right)
    for one, other in zip(keras.tree.flatten(left), keras.tree.flatten(right), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def _state(*models: keras.Model) -> dict[int, tuple[keras.Variable, np.ndarray]]:
    """Every variable, seeds of dropout among them, with its value."""
    return {id(each): (each, np.array(each.numpy())) for model in models for each in model.variables}


def _leaves(*models: keras.Model) -> set[int]:
    operations = [operation for model in models for operation, _ in walk(model, ()) if not opens(operation)]
    inputs = keras.layers.InputLayer
    return {id(each) for each in operations if isinstance(each, keras.Layer) and not isinstance(each, inputs)}


def _take_step(model: keras.Model, batch: Any) -> None:
    with tf.GradientTape() as tape:
        loss = sum(tf.reduce_sum(tf.square(output - 1)) for output in keras.tree.flatten(model(batch, training=True)))
    gradients = tape.gradient(loss, model.trainable_variables, unconnected_gradients="zero")
    keras.optimizers.SGD(0.1).apply(gradients, model.trainable_variables)


def _assert_alike(models: tuple[keras.Model, keras.Model], *calls: Callable[[], Any]) -> None:
    """All calls give the same and leave the same averages and seeds behind, each from where the first began."""
    before = _state(*models)
    expected = calls[0]()
    after = _state(*models)
    for call in calls[1:]:
        for variable, value in before.values():
            variable.assign(value)
        _assert_same(call(), expected)
        for variable, value in after.values():
            np.testing.assert_array_equal(variable.numpy(), value)


@examples(15)
@given(pair=pairs())
def test_any_join_gives_what_its_halves_give_in_a_row_bit_for_bit(pair: Pair) -> None:
    first, second, batch = pair.build()
    joined = join(first, second, name="joined")
    _assert_alike((first, second), lambda: second(first(batch)), lambda: joined(batch))


@examples(8)
@given(pair=pairs())
def test_any_pair_of_boxes_gives_what_the_flat_model_gives(pair: Pair) -> None:
    first, second, batch = pair.build()
    joined, boxes = join(first, second, name="joined"), nest(first, second, name="boxes")
    _assert_alike(
        (first, second),
        lambda: second(first(batch, training=False), training=False),
        lambda: joined(batch, training=False),
        lambda: boxes(batch, training=False),
    )


@examples(12)
@given(pair=pairs())
def test_any_join_gives_the_same_in_training_and_moves_the_same_averages(pair: Pair) -> None:
    first, second, batch = pair.build()
    joined = join(first, second, name="joined")
    _assert_alike(
        (first, second),
        lambda: second(first(batch, training=True), training=True),
        lambda: joined(batch, training=True),
    )


@examples(12)
@given(pair=pairs())
def test_any_join_counts_each_parameter_once_and_lists_each_leaf_layer(pair: Pair) -> None:
    first, second, _ = pair.build()
    joined = join(first, second, name="joined")
    weights = {id(weight): weight for model in (first, second) for weight in model.weights}
    assert sorted(map(id, joined.weights)) == sorted(weights)
    assert joined.count_params() == sum(math.prod(weight.shape) for weight in weights.values())
    listed = {id(layer) for layer in joined.layers if not isinstance(layer, keras.layers.InputLayer)}
    assert listed == _leaves(first, second)
    names = [layer.name for layer in joined.layers]
    assert len(set(names)) == len(names)


@examples(12)
@given(pair=pairs())
def test_a_step_on_the_first_half_leaves_every_bit_of_the_second(pair: Pair) -> None:
    first, second, batch = pair.build()
    join(first, second, name="joined")
    shared = {id(variable) for variable in first.variables}
    before, others = _state(first), _state(second)
    _take_step(first, batch)
    assert any(np.any(variable.numpy() != value) for variable, value in before.values())
    for key, (variable, value) in others.items():
        if key not in shared:
            np.testing.assert_array_equal(variable.numpy(), value)


@examples(12)
@given(pair=pairs())
def test_a_step_on_any_join_moves_both_halves_or_the_one_that_is_not_frozen(pair: Pair) -> None:
    first, second, batch = pair.build()
    joined = join(first, second, name="joined")
    before = _state(first), _state(second)
    _take_step(joined, batch)
    for half in before:
        assert any(np.any(variable.numpy() != value) for variable, value in half.values())
    second.trainable = False
    weights = {id(weight) for weight in second.weights}
    before = _state(first), _state(second)
    _take_step(joined, batch)
    assert any(np.any(variable.numpy() != value) for variable, value in before[0].values())
    for key, (variable, value) in before[1].items():
        if key in weights:
            np.testing.assert_array_equal(variable.numpy(), value)


@examples(6)
@given(pair=pairs())
def test_any_join_loads_back_whole(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> None:
    first, second, batch = pair.build()
    joined = join(first, second, name="joined")
    path = tmp_path_factory.mktemp("joined") / "c.keras"
    joined.save(path)
    loaded = keras.models.load_model(path)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in joined.layers]
    for weight, kept in zip(loaded.weights, joined.weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), kept.numpy())
    # Keras saves no seeds of dropout, so both are given the same.
    for variable, kept in zip(loaded.variables, joined.variables, strict=True):
        variable.assign(kept)
    _assert_same(loaded(batch), joined(batch))
