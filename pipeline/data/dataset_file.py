"""A data set in one file: MNIST, verified by its hashes, or other data with the names of their classes."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline.data.dataset import NAMES, Dataset, Splits, split
from pipeline.data.errors import DataError
from pipeline.data.mnist import verify
from pipeline.data.npz import has_array, read_npz, write_npz
from pipeline.data.own import check
from pipeline.settings.data import DataSettings
from pipeline.settings.paths import display

KERAS_NAMES = ("x_train", "y_train", "x_test", "y_test")
CLASSES = "classes"


def write(dataset: Dataset, path: Path) -> None:
    """Writes a data set, whole or not at all, as an archive with Keras' names; equal arrays make equal files.

    The names of classes, which other data than MNIST have, are the array `classes`.

    Raises:
        WriteError: The file cannot be written.
    """
    arrays = {member: getattr(dataset, name) for member, name in zip(KERAS_NAMES, NAMES, strict=True)}
    write_npz(arrays if dataset.names is None else arrays | {CLASSES: np.array(dataset.names)}, path)


def load(path: Path) -> Dataset:
    """Reads a file of this project, or an `mnist.npz` of Keras, unverified.

    Raises:
        DataError: The file is not such an archive.
    """
    arrays = read_npz(path, *KERAS_NAMES)
    if not has_array(path, CLASSES):
        return Dataset(*arrays)
    (names,) = read_npz(path, CLASSES)
    if names.ndim != 1:
        raise DataError(f"classes must be a list of names. Received: {names.ndim} dimensions")
    return Dataset(*arrays, names=tuple(map(str, names.tolist())))


def read(path: Path) -> Dataset:
    """Reads the file that the stage `fetch` wrote: MNIST, which is verified, or other data, which are checked.

    The arrays are read-only and the same at every call, as long as the file does not change.

    Raises:
        DataError: The file is missing or damaged, or is no data set: it is not MNIST and names no classes.
    """
    if not path.is_file():
        raise DataError(
            f"`data.path` must be the data set's file; fetch it by `dvc repro fetch`. Received: no {display(path)}"
        )
    state = path.stat()
    try:
        return _read(path.resolve(), state.st_mtime_ns, state.st_size)
    except DataError as error:
        # Of a whole archive an array is missing, or is not what it should be.
        whole = isinstance(error.__cause__, KeyError | None)
        wrong = (
            "no data set of this project: name another file in `data.path`, or delete this one"
            if whole
            else "damaged: delete it and fetch it again by `dvc repro fetch`"
        )
        raise DataError(f"{display(path)} is {wrong} ({error})") from error


def read_splits(settings: DataSettings) -> Splits:
    """Reads the file that settings name, as `read` does, and splits its images by purpose."""
    return split(read(settings.file), validation=settings.validation, limit=settings.limit)


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int, _size: int) -> Dataset:
    dataset = load(path)
    dataset = verify(dataset) if dataset.names is None else check(dataset)
    for name in NAMES:
        getattr(dataset, name).setflags(write=False)
    return dataset
