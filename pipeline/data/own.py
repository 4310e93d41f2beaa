"""Data of one's own: what every data set other than MNIST must be."""

import re

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import NAMES, Dataset
from pipeline.data.errors import DataError
from pipeline.settings.images import FEWEST_CLASSES, MOST_CLASSES, SIZES

# A sixth of the training images is held out, and a measure needs ten images.
FEWEST = {"train": 60, "test": 10}
# Control characters, and the bytes of a folder's name that is not in UTF-8: no page, table or tag could hold them.
UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def check(dataset: Dataset) -> Dataset:
    """Returns a data set if its arrays fit one another and have images of every class in both halves.

    Raises:
        DataError: They do not; the text names the array, and what it should be.
    """
    names = dataset.names or ()
    if not FEWEST_CLASSES <= len(names) <= MOST_CLASSES:
        raise DataError(f"there must be {FEWEST_CLASSES} to {MOST_CLASSES} classes. Received: {len(names)}")
    if unfit := [name for name in names if UNFIT.search(name)]:
        raise DataError(f"the name of a class must be a text without control characters. Received: {unfit[0]!a}")
    if len(set(names)) < len(names) or not all(name.strip() for name in names):
        raise DataError(f"each class must have a name of its own. Received: {', '.join(names)}")
    for name in NAMES:
        _check_form(name, getattr(dataset, name))
    if dataset.test_images.shape[1:] != dataset.train_images.shape[1:]:
        shapes = dataset.train_images.shape[1:], dataset.test_images.shape[1:]
        raise DataError(f"test images must have the form of training images, {shapes[0]}. Received: {shapes[1]}")
    for half in FEWEST:
        _check_half(half, getattr(dataset, f"{half}_images"), getattr(dataset, f"{half}_labels"), names)
    return dataset


def _check_form(name: str, array: NDArray[np.uint8]) -> None:
    if name.endswith("labels"):
        fits = array.ndim == 1
    else:
        fits = array.shape[1:] in {shape for size in SIZES for shape in ((size, size), (size, size, 3))}
    if array.dtype != np.uint8 or not fits:
        forms = "(n,)" if name.endswith("labels") else "(n, size, size) or (n, size, size, 3) of 28 or 32 pixels"
        raise DataError(f"{name} must be uint8 {forms}. Received: {array.dtype} {array.shape}")


def _check_half(half: str, images: NDArray[np.uint8], labels: NDArray[np.uint8], names: tuple[str, ...]) -> None:
    if len(images) != len(labels):
        raise DataError(f"{half} images and labels must be as many. Received: {len(images):,} and {len(labels):,}")
    if len(images) < FEWEST[half]:
        raise DataError(f"there must be {FEWEST[half]} {half} images or more. Received: {len(images):,}")
    counts = np.bincount(labels, minlength=len(names))
    if len(counts) > len(names):
        raise DataError(f"{half} labels must be below {len(names)}, the number of classes. Received: {labels.max()}")
    if not counts.all():
        raise DataError(f"every class must have {half} images. Received: none of {names[counts.argmin()]}")
