"""An archive with its own SHA-256 as its comment, which covers every other byte; readers of `.npz` pass over it."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

HEX_DIGITS = 64
_CHUNK = 1 << 20


def add_checksum(archive: Path) -> None:
    """Writes the SHA-256 of an archive's other bytes, 64 hexadecimal digits, as its comment."""
    with zipfile.ZipFile(archive, "a") as opened:
        opened.comment = b"0" * HEX_DIGITS
    with archive.open("r+b") as file:
        digest = _digest(file, covered := archive.stat().st_size - HEX_DIGITS)
        file.seek(covered)
        file.write(digest)


@contextmanager
def open_checked(path: Path) -> Iterator[Any]:
    """Opens an `.npz` file for the length of the block, once its bytes have the checksum that it holds.

    Raises:
        ValueError: The bytes have another checksum: the file is cut off or altered.
    """
    with path.open("rb") as file:
        _verify(file, path.stat().st_size)
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            yield archive


def _verify(file: BinaryIO, size: int) -> None:
    file.seek(covered := max(0, size - HEX_DIGITS))
    if file.read() != _digest(file, covered):
        raise ValueError("it is cut off or altered, since its bytes have another SHA-256 than it says")


def _digest(file: BinaryIO, size: int) -> bytes:
    """The SHA-256 of a file's first `size` bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    file.seek(0)
    while size and (chunk := file.read(min(_CHUNK, size))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest().encode()
