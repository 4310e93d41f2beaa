"""The state of a training as one file, and its models; each file is written whole or not at all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.data.checksum import add_checksum, open_checked
from pipeline.data.errors import UNREADABLE
from pipeline.data.files import replacing
from pipeline.data.npz import as_bits, from_bits
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import display
from pipeline.training.history import HISTORY, History


class CheckpointError(PipelineError):
    """A checkpoint is damaged or belongs to another model."""


def save_checkpoint(path: Path, variables: Mapping[str, keras.Variable], history: History, *, previous: Path) -> None:
    """Saves a state as `save_state` does; the one that was there becomes `previous`.

    Raises:
        WriteError: The file cannot be written; the last one remains, under one of the two names.
    """
    with replacing(path) as aside:
        _write_state(aside, variables, history)
        if path.exists():
            path.replace(previous)


def load_checkpoint(
    path: Path, variables: Mapping[str, keras.Variable], *, previous: Path, warn: Callable[[str], object]
) -> History | None:
    """Restores a training as `load_state` does, from the last whole checkpoint; returns None where there is none.

    A checkpoint that is damaged is replaced by the previous one, and `warn` gets a line that says so.

    Raises:
        CheckpointError: Neither of the two can be restored.
    """
    if not path.exists() and not previous.exists():
        return None
    try:
        return load_state(path, variables)
    except CheckpointError as error:
        damage = error
    try:
        history = load_state(previous, variables)
    except CheckpointError as error:
        reasons = f"{damage}; {error}" if previous.exists() else str(damage)
        raise CheckpointError(f"{reasons}. Delete {display(path.parent)} to train anew") from error
    if path.exists():
        warn(f"WARNING: {damage}. The checkpoint before it is used.")
    previous.replace(path)
    return history


def save_state(path: Path, variables: Mapping[str, keras.Variable], history: History) -> None:
    """Writes all variables that a step reads or changes, by name, and the metrics so far to an `.npz` file.

    The file has a checksum of all its bytes.

    Raises:
        WriteError: The file cannot be written; the last one remains.
    """
    with replacing(path) as aside:
        _write_state(aside, variables, history)


def _write_state(path: Path, variables: Mapping[str, keras.Variable], history: History) -> None:
    arrays: dict[str, Any] = {name: as_bits(variable.numpy()) for name, variable in variables.items()}
    arrays[HISTORY] = np.frombuffer(history.to_json().encode(), np.uint8)
    np.savez(path, **arrays)
    add_checksum(path)


def load_state(path: Path, variables: Mapping[str, keras.Variable]) -> History:
    """Restores a training to the state that `save_state` wrote, and returns the history up to it.

    The variables, by the same names, are overwritten.

    Raises:
        CheckpointError: The file is damaged, or its variables have other names, dtypes or shapes.
    """
    try:
        with open_checked(path) as archive:
            arrays = {name: from_bits(archive[name]) for name in archive.files}
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
        CheckpointError: The folder holds none, or one is damaged or holds code, which is not run.
    """
    files = [file for file in sorted(folder.glob("*.keras")) if not file.name.startswith(".")]
    if not files:
        raise CheckpointError(f"{display(folder)} must hold trained models (.keras): train first, or `dvc pull`")
    return {file.stem: _load_model(file) for file in files}


def _load_model(file: Path) -> keras.Model:
    try:
        return keras.models.load_model(file, safe_mode=True)
    except (*UNREADABLE, TypeError) as error:
        raise CheckpointError(f"{display(file)} is a damaged model: train again, or `dvc pull`") from error
