"""MNIST as four arrays, verified by their hashes and kept in one file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.errors import DataError
from pipeline.data.npz import read_npz, write_npz
from pipeline.settings.data import DataSettings
from pipeline.settings.paths import display

DIGESTS: Mapping[str, str] = {
    "train_images": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "train_labels": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "test_images": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "test_labels": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
KERAS_NAMES = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False)
class Mnist:
    """The data set: pixels from 0 (paper) to 255 (ink), labels from 0 to 9.

    Attributes:
        train_images: uint8 `(60000, 28, 28)`.
        train_labels: uint8 `(60000,)`.
        test_images: uint8 `(10000, 28, 28)`.
        test_labels: uint8 `(10000,)`.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Images:
    """Images and their labels.

    Attributes:
        images: uint8 `(n, 28, 28)`.
        labels: uint8 `(n,)`.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Splits:
    """MNIST's images by purpose.

    Attributes:
        train: Images that the networks are trained on.
        validation: The last training images, held out to choose weights and settings by; may be empty.
        test: Images that the chosen weights are measured on.
    """

    train: Images
    validation: Images
    test: Images

    @property
    def held_out(self) -> Images:
        """The images that reports score: the validation split, or the test split if nothing is held out."""
        return self.validation if len(self.validation) else self.test

    @property
    def held_out_name(self) -> str:
        """The split that `held_out` returns: `validation` or `test`."""
        return "validation" if len(self.validation) else "test"


NAMES = tuple(field.name for field in fields(Mnist))


def verify(mnist: Mnist) -> Mnist:
    """Returns the same arrays if they are MNIST, byte for byte.

    Raises:
        DataError: An array has another dtype, shape or content.
    """
    for name in NAMES:
        array = getattr(mnist, name)
        form = (28, 28) if name.endswith("images") else ()
        if array.dtype != np.uint8 or array.shape[1:] != form:
            raise DataError(f"{name} must be uint8 (n, 28, 28) or (n,). Received: {array.dtype} {array.shape}")
        received = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
        if received != DIGESTS[name]:
            raise DataError(f"{name} must have SHA-256 {DIGESTS[name][:12]}…. Received: {received[:12]}…, not MNIST")
    return mnist


def write(mnist: Mnist, path: Path) -> None:
    """Writes MNIST, whole or not at all, as an archive with Keras' names; equal arrays make equal files.

    Raises:
        WriteError: The file cannot be written.
    """
    write_npz({member: getattr(mnist, name) for member, name in zip(KERAS_NAMES, NAMES, strict=True)}, path)


def load(path: Path) -> Mnist:
    """Reads an `mnist.npz` of this project or of Keras, unverified.

    Raises:
        DataError: The file is not such an archive.
    """
    return Mnist(*read_npz(path, *KERAS_NAMES))


def read(path: Path) -> Mnist:
    """Reads and verifies the file that the stage `fetch` wrote.

    The arrays are read-only and the same at every call, as long as the file does not change.

    Raises:
        DataError: The file is missing or is not MNIST.
    """
    if not path.is_file():
        raise DataError(
            f"`data.path` must be MNIST's file; fetch it by `dvc repro fetch`. Received: no {display(path)}"
        )
    state = path.stat()
    try:
        return _read(path.resolve(), state.st_mtime_ns, state.st_size)
    except DataError as error:
        raise DataError(
            f"{display(path)} is damaged: delete it and fetch it again by `dvc repro fetch` ({error})"
        ) from error


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int, _size: int) -> Mnist:
    mnist = verify(load(path))
    for name in NAMES:
        getattr(mnist, name).setflags(write=False)
    return mnist


def split(mnist: Mnist, settings: DataSettings) -> Splits:
    """Splits MNIST by purpose, in its own order; the splits are views of the arrays, not copies.

    Raises:
        DataError: No image would be left to train on.
    """
    count = len(mnist.train_images) - settings.validation
    if count < 1:
        raise DataError(f"`data.validation` must be below {len(mnist.train_images)}. Received: {settings.validation}")
    kept = slice(settings.limit)
    return Splits(
        train=Images(mnist.train_images[:count][kept], mnist.train_labels[:count][kept]),
        validation=Images(mnist.train_images[count:][kept], mnist.train_labels[count:][kept]),
        test=Images(mnist.test_images[kept], mnist.test_labels[kept]),
    )


def scaled(images: NDArray[np.generic]) -> NDArray[np.float32]:
    """Maps pixels from 0 (paper) to 255 (ink) to float32 in [-1, 1], of the same shape."""
    return images.astype(np.float32) / np.float32(127.5) - np.float32(1)
