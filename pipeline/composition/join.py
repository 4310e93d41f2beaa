"""Two models in a row, A → B = C: C is rebuilt layer by layer from the very layers of A and then of B.

Private names: `_keras_mask` of a tensor, which a rebuilt graph must carry on.
"""

from inspect import signature
from typing import Any

import keras

from pipeline.composition.graph import graph_of, inputs_of, layer_of, opens, outputs_of
from pipeline.composition.renaming import deduplicated, rename_clashes
from pipeline.settings.errors import PipelineError


class CompositionError(PipelineError):
    """Two models cannot be joined: the outputs of one do not fit the inputs of the other, or one hides its layers."""


def join(first: keras.Model, second: keras.Model, *, name: str) -> keras.Model:
    """Joins two models into one flat model that lists and shares the layers of both.

    Nested Sequential and Functional models are opened. The outputs of `first` become the inputs of `second`: by name if
    both are dicts, else in order. Named outputs that `second` does not take are left out, with the layers that only
    they need. Layers of the two halves that share a name are renamed, in place: their half's name becomes a prefix.

    Args:
        first: A Functional or built Sequential model; its inputs become the joined model's.
        second: A Functional or Sequential model; its outputs, and their dict keys, become the joined model's.
        name: The joined model's name.

    Returns:
        A functional model whose every layer is a layer object of `first` or `second`. If two outputs come from one
        layer, the second has a number after its name, until the model is saved and loaded.

    Raises:
        CompositionError: A half is neither Functional nor Sequential, or the two do not fit.
    """
    pairing = _pair(first, second)
    rename_clashes(first, second)
    given = keras.tree.flatten(_replay(first, inputs_of(first)))
    joined = keras.Model(inputs_of(first), _replay(second, [given[index] for index in pairing]), name=name)
    # Keras names an output after its layer; two outputs of one name would have their losses reported as one.
    joined.output_names = deduplicated(joined.output_names)
    return joined


def nest(first: keras.Model, second: keras.Model, *, name: str) -> keras.Model:
    """Joins two models of different names as the two layers of a third, so that A → B shows at a glance.

    Raises:
        CompositionError: As for `join`.
    """
    pairing = _pair(first, second)
    given = keras.tree.flatten(first(inputs_of(first)))
    taken = keras.tree.pack_sequence_as(inputs_of(second), [given[index] for index in pairing])
    return keras.Model(inputs_of(first), second(taken), name=name)


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

    wanted = keras.tree.flatten(inputs_of(model))
    if isinstance(inputs, dict) and not isinstance(inputs_of(model), dict):
        inputs = [inputs[tensor.name] for tensor in wanted]
    tensors = [_cast(tensor, like.dtype) for tensor, like in zip(keras.tree.flatten(inputs), wanted, strict=True)]
    return graph_of(model)._run_through_graph(tensors, call_fn=call)


def _cast(tensor: keras.KerasTensor, dtype: str) -> keras.KerasTensor:
    return tensor if tensor.dtype == dtype else keras.ops.cast(tensor, dtype)


def _attach_masks(tensors: Any, masks: Any) -> None:
    if masks is not None:
        for tensor, mask in zip(keras.tree.flatten(tensors), keras.tree.flatten(masks), strict=True):
            tensor._keras_mask = mask


def _pair(first: keras.Model, second: keras.Model) -> list[int]:
    """For each input of `second`, in flattened order: the flattened index of the output of `first` that it takes."""
    _require_layers(first, "first")
    given = keras.tree.flatten(outputs_of(first))
    if isinstance(second, keras.Sequential) and not second.built and len(given) == 1:
        _build(second, given[0], first.name)
    _require_layers(second, "second")
    pairing = _match(outputs_of(first), inputs_of(second))
    if pairing is None:
        raise CompositionError(
            f"`second` must take as many tensors as `first` gives, under the same names where both have names. "
            f"Received: `{first.name}` gives {_listed(outputs_of(first))}; "
            f"`{second.name}` takes {_listed(inputs_of(second))}"
        )
    for index, tensor in zip(pairing, keras.tree.flatten(inputs_of(second)), strict=True):
        _require_meeting(given[index], tensor, halves=(first.name, second.name))
    return pairing


def _build(second: keras.Sequential, given: keras.KerasTensor, first: str) -> None:
    head = second.layers[0].name if second.layers else "none"
    try:
        second.build(given.shape)
    except (TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise CompositionError(
            f"`second` must be built on the shape that `first` gives. Received: {given.shape} from layer "
            f"`{layer_of(given).name}` of `{first}`, for layer `{head}` of `{second.name}`: {reason}"
        ) from error


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


def _names(structure: Any) -> list[tuple[Any, ...]]:
    """Each tensor's keys in a dict, nested or not, in flattened order; outside a dict its own name."""
    if isinstance(structure, dict):
        return [path for path, _ in keras.tree.flatten_with_path(structure)]
    return [(tensor.name,) for tensor in keras.tree.flatten(structure)]


def _written_order(structure: Any, names: list[tuple[Any, ...]]) -> list[int]:
    """Flattened indices in the order in which a dict was written: Keras flattens its keys in sorted order."""
    if not isinstance(structure, dict):
        return list(range(len(names)))
    return [index for key in structure for index, path in enumerate(names) if path[0] == key]


def _listed(structure: Any) -> str:
    names = _names(structure)
    tensors = keras.tree.flatten(structure)
    labels = [f"`{'.'.join(map(str, path))}` " if isinstance(structure, dict) else "" for path in names]
    return ", ".join(
        f"{labels[index]}{tensors[index].shape} from layer `{layer_of(tensors[index]).name}`"
        for index in _written_order(structure, names)
    )


def _require_meeting(given: keras.KerasTensor, taken: keras.KerasTensor, *, halves: tuple[str, str]) -> None:
    pairs = zip(given.shape, taken.shape, strict=False)
    fits = len(given.shape) == len(taken.shape) and all(None in pair or pair[0] == pair[1] for pair in pairs)
    floats = ["float" in tensor.dtype for tensor in (given, taken)]
    if not fits or (given.dtype != taken.dtype and not all(floats)):
        raise CompositionError(
            f"`second` must take the shape and kind of number that `first` gives. "
            f"Received: {given.shape} {given.dtype} from layer `{layer_of(given).name}` of `{halves[0]}`, "
            f"{taken.shape} {taken.dtype} wanted by layer `{layer_of(taken).name}` of `{halves[1]}`"
        )
