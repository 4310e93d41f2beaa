"""The state of a training as one file, and its models; each file is written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.data.errors import UNREADABLE
from pipeline.data.files import replacing
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import display
from pipeline.training.history import HISTORY, History

STATE = "state.npz"


class CheckpointError(PipelineError):
    """A checkpoint is damaged or belongs to another model."""


def save_state(path: Path, variables: Mapping[str, keras.Variable], history: History) -> None:
    """Writes all variables that a step reads or changes, by name, and the metrics so far to an `.npz` file.

    Raises:
        WriteError: The file cannot be written; the last one remains.
    """
    arrays: dict[str, Any] = {name: variable.numpy() for name, variable in variables.items()}
    arrays[HISTORY] = np.frombuffer(history.to_json().encode(), np.uint8)
    with replacing(path) as aside:
        np.savez(aside, **arrays)


def load_state(path: Path, variables: Mapping[str, keras.Variable]) -> History:
    """Restores a training to the state that `save_state` wrote, and returns the history up to it.

    The variables, by the same names, are overwritten.

    Raises:
        CheckpointError: The file is damaged, or its variables have other names, dtypes or shapes.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        history = History.from_json(arrays.pop(HISTORY).tobytes().decode())
    except (*UNREADABLE, AttributeError, TypeError) as error:
        raise CheckpointError(f"{display(path)} must be a training's state: {error}") from error
    for name in sorted(arrays.keys() ^ variables.keys()):
        raise CheckpointError(f"{display(path)} belongs to another model: only one of the two has `{name}`")
    for name, variable in variables.items():
        received, wanted = (arrays[name].shape, arrays[name].dtype.name), (tuple(variable.shape), variable.dtype)
        if received != wanted:
            raise CheckpointError(
                f"{display(path)} belongs to another model: `{name}` must be {wanted[1]} of shape {wanted[0]}. "
                f"Received: {received[1]} of shape {received[0]}"
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return history


def save_parts(folder: Path, parts: Mapping[str, keras.Model]) -> None:
    """Saves each model as `folder/NAME.keras`, written aside first; the folder is created if missing.

    Raises:
        WriteError: A file cannot be written; the last one of its name remains.
    """
    for name, model in parts.items():
        with replacing(folder / f"{name}.keras") as aside:
            model.save(aside)


def load_parts(folder: Path) -> dict[str, keras.Model]:
    """Loads the models that `save_parts` saved, by name.

    Raises:
        CheckpointError: The folder holds none, or one is damaged.
    """
    files = [file for file in sorted(folder.glob("*.keras")) if not file.name.startswith(".")]
    if not files:
        raise CheckpointError(f"{display(folder)} must hold trained models (.keras): train first, or `dvc pull`")
    return {file.stem: _load_model(file) for file in files}


def _load_model(file: Path) -> keras.Model:
    try:
        return keras.models.load_model(file)
    except (*UNREADABLE, TypeError) as error:
        raise CheckpointError(f"{display(file)} is a damaged model: train again, or `dvc pull`") from error
