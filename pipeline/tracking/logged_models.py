"""A Keras model as a logged model with signature, example and requirements, which loads back the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from mlflow.entities import LoggedModelOutput
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec

from pipeline.tracking.store import Store

Arrays = Mapping[str, np.ndarray]
REQUIREMENTS = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True)
class ModelExample:
    """Inputs and outputs of a model.

    Attributes:
        inputs: A few rows of every input, by the input's name.
        outputs: Its predictions: one array, or one for each output by name.
        requirements: The packages that loading needs, as pip spells them.
    """

    inputs: Arrays
    outputs: np.ndarray | Arrays
    requirements: Sequence[str]


def model_example(model: Any, inputs: Arrays) -> ModelExample:
    """Returns a Keras model's outputs for a few named inputs, and its requirements."""
    requirements = [f"{package}=={version(package)}" for package in REQUIREMENTS]
    given = model(dict(inputs), training=False)
    named = isinstance(given, Mapping)
    outputs = {name: np.asarray(array) for name, array in given.items()} if named else np.asarray(given)
    return ModelExample(inputs, outputs, requirements)


def log_model(store: Store, run_id: str, name: str, keras_model: Any, example: ModelExample) -> str:
    """Logs a Keras model on a run, replacing an earlier one of the same name on it, and returns its id.

    `models:/ID` is its address, and `runs:/RUN/NAME` too. The model must be built on a dict of named inputs; one built
    on a list does not predict by pyfunc.
    """
    condition = f"source_run_id = '{run_id}' AND name = '{name}'"
    for earlier in store.client.search_logged_models([store.experiment_id], condition):
        store.client.delete_logged_model(earlier.model_id)
    logged = store.client.create_logged_model(store.experiment_id, name=name, source_run_id=run_id)
    store.client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    with TemporaryDirectory() as folder:
        description = Model(run_id=run_id, model_uuid=logged.model_id, model_id=logged.model_id)
        _save(keras_model, Path(folder), description, example)
        store.client.log_model_artifacts(logged.model_id, folder)
    store.client.finalize_logged_model(logged.model_id, "READY")
    return str(logged.model_id)


def _save(keras_model: Any, folder: Path, description: Model, example: ModelExample) -> None:
    # Imported here, so that a process that logs no model starts without TensorFlow.
    import_module("mlflow.keras").save_model(
        keras_model,
        str(folder),
        mlflow_model=description,
        signature=ModelSignature(_schema(example.inputs), _schema(example.outputs)),
        input_example=dict(example.inputs),
        pip_requirements=list(example.requirements),
    )
    # MLflow's Keras loader gives a dict of outputs as an array of one object; its TensorFlow loader gives the dict,
    # and reads the same files where it is told that they are no HDF5.
    (folder / "data" / "save_format.txt").write_text("tf", encoding="utf-8")
    description.flavors["keras"]["save_format"] = "tf"
    description.flavors["python_function"].update(loader_module="mlflow.tensorflow", data="data")
    description.save(str(folder / "MLmodel"))


def _schema(arrays: np.ndarray | Arrays) -> Schema:
    if isinstance(arrays, np.ndarray):
        return Schema([TensorSpec(arrays.dtype, (-1, *arrays.shape[1:]))])
    return Schema([TensorSpec(array.dtype, (-1, *array.shape[1:]), name) for name, array in arrays.items()])
