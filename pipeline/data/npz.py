"""Named arrays ↔ one `.npz` file; equal arrays make equal bytes on any day and platform."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.errors import UNREADABLE, DataError
from pipeline.data.files import replacing
from pipeline.settings.paths import display

Arrays = Mapping[str, NDArray[Any]]
EPOCH = (1980, 1, 1, 0, 0, 0)
UNIX, REGULAR_FILE = 3, 0o100644
REGISTERED = 2  # `isbuiltin` of the types that another package, such as Keras' ml_dtypes, has added to NumPy's


def write_npz(arrays: Arrays, path: Path) -> None:
    """Writes arrays in their order, whole or not at all, without compression or dates; missing folders are made.

    Types that are not NumPy's own are written as `as_bits` does.

    Raises:
        ValueError: An array holds objects.
        WriteError: The file cannot be written.
    """
    with replacing(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, as_bits(array), version=(1, 0), allow_pickle=False)
            header = zipfile.ZipInfo(f"{name}.npy", date_time=EPOCH)
            header.create_system = UNIX
            header.external_attr = REGULAR_FILE << 16
            archive.writestr(header, content.getbuffer())


def read_npz(path: Path, *names: str) -> list[NDArray[Any]]:
    """Reads arrays from an `.npz` file, in the order of `names`; pickled objects are refused.

    Raises:
        DataError: The file is not such an archive, or lacks an array.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [_read_member(archive, f"{name}.npy") for name in names]
    except UNREADABLE as error:
        raise DataError(f"{display(path)} must be an archive of {', '.join(names)}: {error}") from error


def has_array(path: Path, name: str) -> bool:
    """Whether an `.npz` file, which can be read, holds an array of this name."""
    with zipfile.ZipFile(path) as archive:
        return f"{name}.npy" in archive.namelist()


def _read_member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(name) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return from_bits(array)


def as_bits(array: NDArray[Any]) -> NDArray[Any]:
    """Returns an array as `.npz` files hold it: of a type that is not NumPy's own, such as bfloat16, its bits.

    Those are whole numbers of its size, in a field that is named after the type.
    """
    array = np.asarray(array, order="C")
    if array.dtype.isbuiltin != REGISTERED:
        return array
    return array.view([(array.dtype.name, f"<u{array.dtype.itemsize}")])


def from_bits(array: NDArray[Any]) -> NDArray[Any]:
    """Returns an array that `as_bits` returned in its own type.

    Raises:
        ValueError: It has fields that name no such type.
    """
    if array.dtype.names is None:
        return array
    try:
        kind: np.dtype[Any] = np.dtype(",".join(array.dtype.names))
    except TypeError as error:
        raise ValueError(f"{array.dtype} is no type of numbers") from error
    if kind.isbuiltin != REGISTERED:
        raise ValueError(f"{array.dtype} is no type of numbers")
    return array.view(kind)
