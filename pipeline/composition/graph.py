"""The parts of a Functional or Sequential model: its tensors, its operations and the models nested in it.

Private names: `_keras_history` of a tensor, by which Keras itself walks a graph.
"""

from collections.abc import Iterator
from typing import Any

import keras


def opens(operation: Any) -> bool:
    """Whether a layer or operation is a model that is no more than its layers.

    That is a Functional or built Sequential model with Keras' own `call`.
    """
    if not isinstance(operation, keras.Model) or not isinstance(operation, keras.Function | keras.Sequential):
        return False
    owner = next(kind for kind in type(operation).__mro__ if "call" in vars(kind))
    return owner.__module__.startswith("keras.") and hasattr(operation, "inputs")


def inputs_of(model: keras.Model) -> Any:
    """The inputs of a model in the structure that callers pass: a tensor, or a list or dict of them."""
    return model.input if isinstance(model, keras.Function) else model.inputs[0]


def outputs_of(model: keras.Model) -> Any:
    """The outputs of a model in the structure that callers get: a tensor, or a list or dict of them."""
    if isinstance(model, keras.Function):
        return model.output
    return keras.tree.pack_sequence_as(model.compute_output_spec(model.inputs[0]), model.outputs)


def graph_of(model: keras.Model) -> keras.Function:
    """The graph of a model's operations; a nested model is one operation."""
    return model if isinstance(model, keras.Function) else keras.Function(inputs_of(model), outputs_of(model))


def layer_of(tensor: keras.KerasTensor) -> Any:
    """The innermost layer or operation that a tensor comes from."""
    operation, _, index = tensor._keras_history
    return layer_of(operation.outputs[index]) if opens(operation) else operation


def walk(model: keras.Model, address: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Walks every operation of a model; a nested model is followed by its own operations.

    Yields:
        An operation and its address: `address`, such as the model's name, and the names of the nested models around it.
    """
    for operation in graph_of(model).operations:
        yield operation, address
        if opens(operation):
            yield from walk(operation, (*address, operation.name))
