"""Two models in a row, A → B = C: C is rebuilt layer by layer from the very layers of A and then of B."""

from collections import Counter
from collections.abc import Iterator
from inspect import signature
from itertools import chain, count
from typing import Any

import keras

from pipeline.settings.errors import PipelineError


class CompositionError(PipelineError):
    """Two models cannot be joined: what one gives is not what the other takes, or one hides its layers."""


def join(first: keras.Model, second: keras.Model, *, name: str) -> keras.Model:
    """Joins two models into one flat model that lists and shares the layers of both.

    Nested Sequential and Functional models are opened. What `first` gives meets what `second` takes by name where both
    are dicts, else in order. Layers of the halves that bear the same name are renamed, in place, with their half's name
    in front.

    Args:
        first: A Functional or built Sequential model; its inputs become the joined model's.
        second: A Functional or Sequential model; its outputs, and their dict keys, become the joined model's.
        name: The joined model's name.

    Returns:
        A functional model whose every layer is a layer object of `first` or `second`.

    Raises:
        CompositionError: Where a half is neither Functional nor Sequential, or the two do not meet.
    """
    pairing = _pair(first, second)
    _rename_clashes(first, second)
    given = keras.tree.flatten(_replay(first, _inputs(first)))
    return keras.Model(_inputs(first), _replay(second, [given[index] for index in pairing]), name=name)


def nest(first: keras.Model, second: keras.Model, *, name: str) -> keras.Model:
    """Joins two models as two boxes: what `join` gives, in the form in which a person sees A → B at a glance.

    Args:
        first: A Functional or built Sequential model.
        second: A Functional or Sequential model, of another name.
        name: The joined model's name.

    Returns:
        A functional model with the two halves as its layers.

    Raises:
        CompositionError: As for `join`.
    """
    pairing = _pair(first, second)
    given = keras.tree.flatten(first(_inputs(first)))
    taken = keras.tree.pack_sequence_as(_inputs(second), [given[index] for index in pairing])
    return keras.Model(_inputs(first), second(taken), name=name)


def opens(operation: Any) -> bool:
    """Says whether a layer is a model that is no more than its layers: Functional or built Sequential, `call` its own.

    Args:
        operation: A layer, or any operation of a functional model.
    """
    if not isinstance(operation, keras.Model) or not isinstance(operation, keras.Function | keras.Sequential):
        return False
    owner = next(kind for kind in type(operation).__mro__ if "call" in vars(kind))
    return owner.__module__.startswith("keras.") and hasattr(operation, "inputs")


def _inputs(model: keras.Model) -> Any:
    return model.input if isinstance(model, keras.Function) else model.inputs[0]


def _outputs(model: keras.Model) -> Any:
    if isinstance(model, keras.Function):
        return model.output
    return keras.tree.pack_sequence_as(model.compute_output_spec(model.inputs[0]), model.outputs)


def _graph(model: keras.Model) -> keras.Function:
    return model if isinstance(model, keras.Function) else keras.Function(_inputs(model), _outputs(model))


def _replay(model: keras.Model, inputs: Any, *, training: bool | None = None) -> Any:
    """Calls a model's layers anew, one by one, on other tensors; `training` overrides theirs, as in Keras' own call."""

    def call(operation: Any, *arguments: Any, **options: Any) -> Any:
        if training is not None and isinstance(operation, keras.Layer):
            options["training"] = training
        if not opens(operation):
            return operation(*arguments, **options)
        bound = signature(operation.call).bind(*arguments, **options).arguments
        _attach_masks(bound["inputs"], bound.get("mask"))
        return _replay(operation, bound["inputs"], training=bound.get("training"))

    wanted = keras.tree.flatten(_inputs(model))
    if isinstance(inputs, dict) and not isinstance(_inputs(model), dict):
        inputs = [inputs[tensor.name] for tensor in wanted]
    tensors = [_cast(tensor, like.dtype) for tensor, like in zip(keras.tree.flatten(inputs), wanted, strict=True)]
    return _graph(model)._run_through_graph(tensors, call_fn=call)


def _cast(tensor: keras.KerasTensor, dtype: str) -> keras.KerasTensor:
    return tensor if tensor.dtype == dtype else keras.ops.cast(tensor, dtype)


def _attach_masks(tensors: Any, masks: Any) -> None:
    if masks is not None:
        for tensor, mask in zip(keras.tree.flatten(tensors), keras.tree.flatten(masks), strict=True):
            tensor._keras_mask = mask


def _pair(first: keras.Model, second: keras.Model) -> list[int]:
    """Gives, for each input of `second` in flattened order, the flattened index of the output of `first` it takes."""
    _require_layers(first, "first")
    if isinstance(second, keras.Sequential) and not second.built:
        second.build(first.output_shape)
    _require_layers(second, "second")
    given, taken = keras.tree.flatten(_outputs(first)), keras.tree.flatten(_inputs(second))
    pairing = _match(_outputs(first), _inputs(second))
    if pairing is None:
        raise CompositionError(
            f"`second` must take as many tensors as `first` gives, under the same names where both have names. "
            f"Received: `{first.name}` gives {_listed(_outputs(first))}; "
            f"`{second.name}` takes {_listed(_inputs(second))}"
        )
    for index, tensor in zip(pairing, taken, strict=True):
        _require_meeting(given[index], tensor, halves=(first.name, second.name))
    return pairing


def _require_layers(model: keras.Model, argument: str) -> None:
    if not opens(model):
        raise CompositionError(
            f"`{argument}` must be a Functional model or a Sequential one with an Input, whose layers can be walked. "
            f"Received: `{getattr(model, 'name', model)}` of type {type(model).__name__}"
        )


def _match(given: Any, taken: Any) -> list[int] | None:
    given_names, taken_names = _names(given), _names(taken)
    if isinstance(given, dict) and set(taken_names) <= set(given_names):
        return [given_names.index(name) for name in taken_names]
    both_named = isinstance(given, dict) and isinstance(taken, dict)
    if len(given_names) != len(taken_names) or (both_named and len(given_names) > 1):
        return None
    partners = dict(zip(_written_order(taken, taken_names), _written_order(given, given_names), strict=True))
    return [partners[index] for index in range(len(taken_names))]


def _names(structure: Any) -> list[str]:
    if isinstance(structure, dict):
        return list(keras.tree.flatten({name: name for name in structure}))
    return [tensor.name for tensor in keras.tree.flatten(structure)]


def _written_order(structure: Any, names: list[str]) -> list[int]:
    return [names.index(name) for name in structure] if isinstance(structure, dict) else list(range(len(names)))


def _listed(structure: Any) -> str:
    if isinstance(structure, dict):
        return ", ".join(f"`{name}` {tensor.shape}" for name, tensor in structure.items())
    return ", ".join(f"layer `{_layer_of(tensor).name}` {tensor.shape}" for tensor in keras.tree.flatten(structure))


def _layer_of(tensor: keras.KerasTensor) -> Any:
    operation, _, index = tensor._keras_history
    return _layer_of(operation.outputs[index]) if opens(operation) else operation


def _require_meeting(given: keras.KerasTensor, taken: keras.KerasTensor, *, halves: tuple[str, str]) -> None:
    pairs = zip(given.shape, taken.shape, strict=False)
    fits = len(given.shape) == len(taken.shape) and all(None in pair or pair[0] == pair[1] for pair in pairs)
    floats = ["float" in tensor.dtype for tensor in (given, taken)]
    if not fits or (given.dtype != taken.dtype and not all(floats)):
        raise CompositionError(
            f"`second` must take the shape and kind of number that `first` gives. "
            f"Received: {given.shape} {given.dtype} from layer `{_layer_of(given).name}` of `{halves[0]}`, "
            f"{taken.shape} {taken.dtype} wanted by layer `{_layer_of(taken).name}` of `{halves[1]}`"
        )


def _rename_clashes(first: keras.Model, second: keras.Model) -> None:
    labels = (first.name, second.name) if first.name != second.name else ("first", "second")
    homes: dict[Any, tuple[str, ...]] = {}
    for model, label in zip((first, second), labels, strict=True):
        for operation, address in _walk(model, (label,)):
            homes.setdefault(operation, address)
    leaves = [each for each in homes if not opens(each) and not isinstance(each, keras.layers.InputLayer)]
    uses = Counter(each.name for each in leaves) + Counter(_layer_of(tensor).name for tensor in first.inputs)
    halves = Counter((homes[each][0], each.name) for each in leaves)
    taken = {each.name for each in homes}
    for each in [leaf for leaf in leaves if uses[leaf.name] > 1]:
        address = homes[each] if halves[homes[each][0], each.name] > 1 else homes[each][:1]
        _rename(each, _free_name("_".join((*address, each.name)), taken))
        taken.add(each.name)


def _walk(model: keras.Model, address: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for operation in _graph(model).operations:
        yield operation, address
        if opens(operation):
            yield from _walk(operation, (*address, operation.name))


def _free_name(name: str, taken: set[str]) -> str:
    numbered = (f"{name}_{number}" for number in count(2))
    return next(each for each in chain([name], numbered) if each not in taken)


def _rename(operation: Any, name: str) -> None:
    old, operation.name = operation.name, name
    for owner in (operation, *getattr(operation, "variables", ())):
        parts = (getattr(owner, "_path", None) or "").split("/")
        if old in parts:
            parts[parts.index(old)] = name
            owner._path = "/".join(parts)
