"""Labelled images as arrays, and their splits."""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.data.errors import DataError
from pipeline.settings.images import DIGITS, ImageFormat

Pixel = TypeVar("Pixel", bound=np.generic)
NAMES = ("train_images", "train_labels", "test_images", "test_labels")
LARGEST_SHARE = 6  # of the training images of other data than MNIST, one in so many is held out at most: MNIST's share


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set: pixels from 0 (paper) to 255 (ink, or full colour), labels from 0.

    Attributes:
        train_images: uint8 `(n, size, size)` in grey, or `(n, size, size, 3)`.
        train_labels: uint8 `(n,)`.
        test_images: uint8, as the training images; 10,000 of MNIST.
        test_labels: uint8 `(m,)`.
        names: The names of the classes; None of MNIST, whose classes are the digits.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    names: tuple[str, ...] | None = field(default=None, kw_only=True)

    @property
    def format(self) -> ImageFormat:
        """The form of the images.

        Raises:
            pydantic.ValidationError: They have another size, or too few or too many classes.
        """
        if self.names is None:
            return DIGITS
        channels = 1 if self.train_images.ndim == 3 else self.train_images.shape[-1]
        return ImageFormat.model_validate(
            {"size": self.train_images.shape[1], "channels": channels, "names": self.names}
        )


@dataclass(frozen=True, eq=False)
class Images:
    """Images and their labels.

    Attributes:
        images: uint8 `(n, size, size)`, or `(n, size, size, 3)` in colour.
        labels: uint8 `(n,)`.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Splits:
    """The images of a data set by purpose.

    Attributes:
        train: Images that the networks are trained on.
        validation: The last training images, held out to choose weights and settings by; may be empty.
        test: Images that the chosen weights are measured on.
        format: The form of all of them.
    """

    train: Images
    validation: Images
    test: Images
    format: ImageFormat = DIGITS

    @property
    def held_out(self) -> Images:
        """The images that reports score: the validation split, or the test split if nothing is held out."""
        return self.validation if len(self.validation) else self.test

    @property
    def held_out_name(self) -> str:
        """The split that `held_out` returns: `validation` or `test`."""
        return "validation" if len(self.validation) else "test"


def split(dataset: Dataset, *, validation: int, limit: int | None) -> Splits:
    """Splits a data set by purpose, in its own order; the splits are views of the arrays, not copies.

    The last `validation` training images are held out; of other data than MNIST at most a sixth, so that small ones
    need no settings. A split has at most `limit` images; None for all.

    Raises:
        DataError: No image would be left to train on, or a class would have no test image.
    """
    images, labels = dataset.train_images, dataset.train_labels
    held_out = validation if dataset.names is None else min(validation, len(images) // LARGEST_SHARE)
    count = len(images) - held_out
    if count < 1:
        raise DataError(f"`data.validation` must be below {len(images)}. Received: {validation}")
    kept = slice(limit)
    if len(absent := np.setdiff1d(dataset.test_labels, dataset.test_labels[kept])):
        name = dataset.format.names[absent[0]]
        raise DataError(f"`data.limit` must leave a test image of every class. Received: {limit}, none of {name}")
    return Splits(
        train=Images(images[:count][kept], labels[:count][kept]),
        validation=Images(images[count:][kept], labels[count:][kept]),
        test=Images(dataset.test_images[kept], dataset.test_labels[kept]),
        format=dataset.format,
    )


def scaled(images: NDArray[np.generic]) -> NDArray[np.float32]:
    """Maps pixels from 0 (paper) to 255 (ink) to float32 in [-1, 1], of the same shape."""
    return images.astype(np.float32) / np.float32(127.5) - np.float32(1)


def require_scaled(images: NDArray[np.generic]) -> None:
    """Refuses images that are not in [-1, 1], as `scaled` makes them; rounding errors of 1e-3 beyond are none.

    Raises:
        ValueError: A value is not finite, or lies outside.
    """
    low, high = float(images.min(initial=0)), float(images.max(initial=0))
    if not (low >= -1.001 and high <= 1.001):
        raise ValueError(f"`images` must be finite and in [-1, 1]. Received: values from {low:.4g} to {high:.4g}")


def with_channels(images: NDArray[Pixel]) -> NDArray[Pixel]:
    """Returns images `(n, height, width, channels)`, of which those in grey have come without channels."""
    return images[..., np.newaxis] if images.ndim == 3 else images


def without_grey_channel(images: NDArray[Pixel]) -> NDArray[Pixel]:
    """Returns images as they are stored: those in grey without channels."""
    return images[..., 0] if images.shape[-1] == 1 else images
