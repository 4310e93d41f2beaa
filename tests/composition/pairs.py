"""Random pairs of small models that meet: what the join is tried on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from hypothesis import strategies as st
from keras import layers

BATCH = 3
TIED = 4
KINDS = ("dense", "normal", "drop", "tied", "merge", "sum", "operation", "box", "twice", "resting", "awake")
WIDTHS = st.integers(1, 5)
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 9), WIDTHS), max_size=6)


@dataclass(frozen=True)
class Recipe:
    """A model to be built: steps that each take one or two of the tensors so far, and a head for each output.

    Attributes:
        takes: Widths of its inputs.
        gives: Widths of its outputs.
        steps: Kind, two tensors by number, width.
    """

    takes: list[int]
    gives: list[int]
    steps: list[tuple[str, int, int, int]]

    def build(self, name: str, *, ends: tuple[str, str], named: bool, tied: layers.Layer) -> keras.Model:
        """Builds it; `named` gives its inputs and outputs the keys `ENDS_0`, `ENDS_1`, written last first."""
        inputs = [keras.Input((width,), name=f"{ends[0]}_{index}") for index, width in enumerate(self.takes)]
        tensors = list(inputs)
        for number, (kind, one, other, width) in enumerate(self.steps):
            sources = (tensors[one % len(tensors)], tensors[other % len(tensors)])
            tensors.append(_grow(kind, *sources, width=width, tied=tied, name=f"step_{number}"))
        # Every head sees every input, so that no frozen or dropped branch can keep a step from moving the model.
        whole = layers.Concatenate(name="whole")([tensors[-1], *inputs, inputs[0]])
        heads = [layers.Dense(width, name=f"head_{index}")(whole) for index, width in enumerate(self.gives)]
        return keras.Model(_keyed(inputs, ends[0], named), _keyed(heads, ends[1], named), name=name)


@dataclass(frozen=True)
class Pair:
    """Two models to be built that meet, in order or by name, with a layer that both may use."""

    first: Recipe
    second: Recipe
    named: bool

    def build(self) -> tuple[keras.Model, keras.Model, Any]:
        """Both models and a batch for the first."""
        tied = layers.Dense(TIED, "tanh", name="tied")
        first = self.first.build("first", ends=("in", "meet"), named=self.named, tied=tied)
        second = self.second.build("second", ends=("meet", "out"), named=self.named, tied=tied)
        draw = np.random.default_rng(0)
        batch = [draw.normal(size=(BATCH, width)).astype("float32") for width in self.first.takes]
        return first, second, _keyed(batch, "in", self.named)


def _keyed(values: list[Any], ends: str, named: bool) -> Any:
    return {f"{ends}_{index}": values[index] for index in reversed(range(len(values)))} if named else values


def _grow(kind: str, one: Any, other: Any, *, width: int, tied: layers.Layer, name: str) -> Any:
    steps: dict[str, Callable[[], Any]] = {
        "dense": lambda: layers.Dense(width, "tanh", name=name)(one),
        "normal": lambda: layers.BatchNormalization(name=name)(one),
        "drop": lambda: layers.Dropout(0.5, name=name)(one),
        "tied": lambda: tied(layers.Dense(TIED, name=name)(one)),
        "merge": lambda: layers.Concatenate(name=name)([one, other]),
        "sum": lambda: layers.Add(name=name)([layers.Dense(width, name=f"{name}_{at}")(x) for at, x in pair]),
        "operation": lambda: keras.ops.tanh(one) * 2.0,
        "box": lambda: _box(name, one.shape[-1], width)(one),
        "twice": lambda: _twice(_box(name, one.shape[-1], one.shape[-1]), one),
        "resting": lambda: _normal_box(name, one.shape[-1])(one, training=False),
        "awake": lambda: _normal_box(name, one.shape[-1])(one, training=True),
    }
    pair = (("left", one), ("right", other))
    return steps[kind]()


def _twice(box: keras.Model, tensor: Any) -> Any:
    return box(box(tensor))


def _box(name: str, takes: int, gives: int) -> keras.Model:
    """A functional model of two outputs that are added, with a Sequential one inside."""
    inner = keras.Sequential([keras.Input((takes,)), layers.Dense(gives, "tanh", name="inner_dense")], name="inner")
    image = keras.Input((takes,))
    total = layers.Add(name="box_sum")([inner(image), layers.Dense(gives, name="box_dense")(image)])
    return keras.Model(image, total, name=name)


def _normal_box(name: str, width: int) -> keras.Model:
    """A model whose layers do something else in training, with one of them in a model inside."""
    inner = keras.Sequential([keras.Input((width,)), layers.BatchNormalization(name="box_normal")], name="inner")
    image = keras.Input((width,))
    return keras.Model(image, layers.Dropout(0.5, name="box_drop")(inner(image)), name=name)


def pairs() -> st.SearchStrategy[Pair]:
    """Draws pairs of up to two inputs, tensors in the middle and outputs each."""
    few = st.lists(WIDTHS, min_size=1, max_size=2)
    return st.builds(
        lambda takes, meets, gives, steps, named: Pair(
            Recipe(takes, meets, steps[0]), Recipe(meets, gives, steps[1]), named
        ),
        few,
        few,
        few,
        st.tuples(STEPS, STEPS),
        st.booleans(),
    )
