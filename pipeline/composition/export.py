"""Keras models in forms that other programs run: ONNX and TensorFlow's SavedModel."""

import logging
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.composition.graph import inputs_of, outputs_of
from pipeline.data.files import replacing_folder

OPSET = 15  # what Keras 3.15 asks tf2onnx 1.17 for
Arrays = Mapping[str, NDArray[Any]]


def export_onnx(model: keras.Model, path: Path) -> None:
    """Writes a model of named inputs as ONNX, opset 15.

    Inputs and outputs have any number of rows. A single output is named `image` if it is one, else `code`, and `output`
    where an input has that name.
    """
    named = _with_named_outputs(model)
    # Keras' exporter wants a model that was called.
    named(draw_inputs(model, count=1))
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # tf2onnx 1.17 asks NumPy for a name that NumPy 2 warns of.
        warnings.simplefilter("ignore", FutureWarning)
        named.export(str(path), format="onnx", opset_version=OPSET, verbose=False)


def export_saved_model(model: keras.Model, folder: Path) -> None:
    """Writes a model of named inputs as a SavedModel, in place of one that is there.

    Raises:
        WriteError: The folder cannot be written.
    """
    named = _with_named_outputs(model)
    named(draw_inputs(model, count=1))
    with replacing_folder(folder) as aside:
        named.export(str(aside), format="tf_saved_model", verbose=False)


def largest_difference(model: keras.Model, onnx: Path, inputs: Arrays) -> float:
    """Returns the largest difference between a model's outputs and those that onnxruntime computes on a CPU.

    It is a share of the largest number in an output, where that is above 1: float32 has 7 digits of it.
    """
    session = import_module("onnxruntime").InferenceSession(str(onnx), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    computed = dict(zip(names, session.run(names, dict(inputs)), strict=True))
    expected = _with_named_outputs(model).predict(dict(inputs), verbose=0)
    return max(
        float(np.abs(computed[name] - array).max()) / max(1.0, float(np.abs(array).max()))
        for name, array in expected.items()
    )


def draw_inputs(model: keras.Model, *, count: int) -> dict[str, NDArray[Any]]:
    """Draws inputs of a model by name: floats uniform in [-1, 1), whole numbers that its embedding knows."""
    draw = np.random.default_rng(0)
    known = [layer.input_dim for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    inputs: dict[str, NDArray[Any]] = {}
    for name, tensor in inputs_of(model).items():
        shape = (count, *tensor.shape[1:])
        drawn = draw.integers(0, min(known, default=10), shape) if "int" in tensor.dtype else draw.uniform(-1, 1, shape)
        inputs[name] = drawn.astype(tensor.dtype)
    return inputs


def _with_named_outputs(model: keras.Model) -> keras.Model:
    output = outputs_of(model)
    if isinstance(output, Mapping):
        return model
    name = "image" if len(output.shape) == 4 else "code"
    inputs = inputs_of(model)
    return keras.Model(inputs, {"output" if name in inputs else name: output}, name=model.name)
