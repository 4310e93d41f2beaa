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


def write_npz(arrays: Arrays, path: Path) -> None:
    """Writes arrays to `path`, whole or not at all, without compression or dates.

    Args:
        arrays: The arrays by name, in the order of the file.
        path: The file; missing folders are created.

    Raises:
        WriteError: The file cannot be written.
    """
    with replacing(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            _write_member(archive, name, array)


def _write_member(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    content = io.BytesIO()
    np.lib.format.write_array(content, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    header = zipfile.ZipInfo(f"{name}.npy", date_time=EPOCH)
    header.create_system = UNIX
    header.external_attr = REGULAR_FILE << 16
    archive.writestr(header, content.getbuffer())


def read_npz(path: Path, *names: str) -> list[NDArray[Any]]:
    """Reads arrays from an `.npz` file; pickled objects are refused.

    Args:
        path: The file.
        names: Names of the arrays to read.

    Returns:
        The arrays in the order of `names`.

    Raises:
        DataError: The file is not such an archive, or lacks an array.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [_read_member(archive, f"{name}.npy") for name in names]
    except UNREADABLE as error:
        raise DataError(f"{display(path)} must be an archive of {', '.join(names)}: {error}") from error


def _read_member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(name) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array
