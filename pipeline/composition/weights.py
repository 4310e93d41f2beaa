"""The coefficients of each layer as NumPy arrays: copied, written, read, restored and described.

Coefficients are `{layer name: {weight name: array}}`, in the model's order.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from pipeline.composition.graph import opens
from pipeline.data.errors import DataError
from pipeline.data.files import write_text
from pipeline.data.npz import read_npz, write_npz
from pipeline.settings.errors import PipelineError

Coefficients = dict[str, dict[str, npt.NDArray[Any]]]
INDEX = "index.json"
LONGEST = 100
AS_IT_IS = re.compile(r"(?!%)[^\\\x00-\x1f\x7f]{1,1000}")


class WeightsError(PipelineError):
    """Coefficients do not fit the model, or a folder does not hold any."""


def coefficients(model: keras.Model) -> Coefficients:
    """Copies the coefficients of a built model's layers, batch normalisation's moving statistics among them.

    Nested models are opened. Layers that share a name have the names of the nested models as prefixes; where two names
    are the same even so, all have their numbers behind them.
    """
    return {
        layer: {name: np.array(variable.numpy()) for name, variable in variables.items()}
        for layer, variables in _variables(model).items()
    }


def restore(model: keras.Model, coefficients: Mapping[str, Mapping[str, npt.NDArray[Any]]]) -> None:
    """Puts coefficients into a built model of the same names and shapes, bit for bit, all of them or none.

    Raises:
        WeightsError: Names, shapes or dtypes differ; the model is unchanged then.
    """
    variables = _variables(model)
    _require_names(coefficients, variables, f"layers of `{model.name}`")
    for layer, arrays in coefficients.items():
        _require_names(arrays, variables[layer], f"weights of layer `{layer}`")
        for name, array in arrays.items():
            _require_form(array, variables[layer][name], f"{layer}/{name}")
    for layer, arrays in coefficients.items():
        for name, array in arrays.items():
            variables[layer][name].assign(array)


def write(coefficients: Mapping[str, Mapping[str, npt.NDArray[Any]]], folder: Path) -> None:
    """Writes one `.npz` per layer, numbered in the model's order, and `index.json` with their names.

    The folder is created if missing; files that an earlier call wrote are removed. An archive has a weight under its
    name, or under its number, as in `%2`, where the name is too long or has signs that archives alter.

    Raises:
        WeightsError: A weight is no array of numbers, such as a vocabulary; nothing is written then.
    """
    for layer, arrays in coefficients.items():
        for name, array in arrays.items():
            if array.dtype.hasobject:
                raise WeightsError(f"`{layer}/{name}` must hold numbers. Received: {array.dtype}")
    for entry in _read_index(folder) if (folder / INDEX).exists() else []:
        (folder / entry["file"]).unlink(missing_ok=True)
    width = len(str(max(len(coefficients) - 1, 0)))
    index = []
    for number, (layer, arrays) in enumerate(coefficients.items()):
        file = f"{number:0{width}d}-{re.sub(r'[^A-Za-z0-9_.-]+', '_', layer)[:LONGEST]}.npz"
        write_npz(dict(zip(_members(arrays), arrays.values(), strict=True)), folder / file)
        index.append({"layer": layer, "file": file, "weights": list(arrays)})
    write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", folder / INDEX)


def read(folder: Path) -> Coefficients:
    """Reads the folder that `write` wrote, in the same order; never unpickles.

    Raises:
        WeightsError: A file is missing, or `write` did not write it.
    """
    result: Coefficients = {}
    for entry in _read_index(folder):
        path, names = folder / entry["file"], entry["weights"]
        try:
            result[entry["layer"]] = dict(zip(names, read_npz(path, *_members(names)), strict=True))
        except DataError as error:
            text = f"`{path}` must hold the weights that `{INDEX}` lists. Received: {error.__cause__}"
            raise WeightsError(text) from error
    return result


def table(coefficients: Mapping[str, Mapping[str, npt.NDArray[Any]]]) -> list[dict[str, str]]:
    """Describes every weight in one row, in the order of `coefficients`; a weight's name is unique in its layer.

    Shapes are `3x3x1x32`, numbers have six digits and come from sums in float64. `zeros` is the share that is exactly
    zero, in [0, 1]; `norm` is the square root of the sum of squares.
    """
    return [
        {
            "layer": layer,
            "weight": name,
            "shape": "x".join(map(str, array.shape)),
            **_describe(array.astype(np.float64)),
        }
        for layer, arrays in coefficients.items()
        for name, array in arrays.items()
    ]


def _describe(array: npt.NDArray[np.float64]) -> dict[str, str]:
    numbers = {
        "mean": array.mean(),
        "standard_deviation": array.std(),
        "zeros": (array == 0).mean(),
        "norm": np.sqrt(np.square(array).sum()),
    }
    return {name: f"{number:.6g}" for name, number in numbers.items()}


def _members(names: Iterable[str]) -> list[str]:
    """The names of weights in an archive, all different."""
    return [name if AS_IT_IS.fullmatch(name) else f"%{number}" for number, name in enumerate(names)]


def _read_index(folder: Path) -> list[dict[str, Any]]:
    try:
        index: list[dict[str, Any]] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if not isinstance(index, list) or any({*each} != {"layer", "file", "weights"} for each in index):
            raise ValueError("it has no layers with their files and weights")
    except (OSError, TypeError, ValueError) as error:
        raise WeightsError(f"`{folder}` must be a folder that holds `{INDEX}`. Received: {error}") from error
    return index


def _variables(model: keras.Model) -> dict[str, dict[str, keras.Variable]]:
    found = {id(layer): (address, layer) for address, layer in _leaves(model, ()) if layer.weights}.values()
    layers = list(found)
    given = Counter(layer.name for _, layer in layers)
    names = [layer.name if given[layer.name] == 1 else "_".join((*address, layer.name)) for address, layer in layers]
    return {name: _named(layer) for name, (_, layer) in zip(_distinct(names), layers, strict=True)}


def _leaves(model: keras.Model, address: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for layer in model.layers:
        if opens(layer):
            yield from _leaves(layer, (*address, layer.name))
        else:
            yield address, layer


def _named(layer: Any) -> dict[str, keras.Variable]:
    names = [variable.name for variable in layer.weights]
    if len(set(names)) < len(names):
        names = [variable.path.split(f"{layer.name}/", 1)[-1] for variable in layer.weights]
    return dict(zip(_distinct(names), layer.weights, strict=True))


def _distinct(names: Sequence[str]) -> Sequence[str]:
    """The names, all numbered where two are the same."""
    return names if len(set(names)) == len(names) else [f"{name}_{number}" for number, name in enumerate(names)]


def _require_names(received: Mapping[str, Any], wanted: Mapping[str, Any], what: str) -> None:
    missing, unknown = sorted(set(wanted) - set(received)), sorted(set(received) - set(wanted))
    if missing or unknown:
        raise WeightsError(
            f"`coefficients` must name the {what}, no more and no less. "
            f"Received: missing {', '.join(missing) or 'none'}; unknown {', '.join(unknown) or 'none'}"
        )


def _require_form(array: npt.NDArray[Any], variable: keras.Variable, where: str) -> None:
    if tuple(array.shape) != tuple(variable.shape) or str(array.dtype) != variable.dtype:
        raise WeightsError(
            f"`{where}` must be {variable.dtype} of shape {tuple(variable.shape)}. "
            f"Received: {array.dtype} of shape {tuple(array.shape)}"
        )
