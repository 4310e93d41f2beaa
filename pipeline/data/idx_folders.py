"""Data of one's own in four IDX files, as Fashion-MNIST, KMNIST and EMNIST come."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.archives import read_idx_file
from pipeline.data.dataset import Dataset
from pipeline.data.errors import UNREADABLE, DataError
from pipeline.data.picture_folders import ORDER
from pipeline.settings.paths import display

FILE = re.compile(r"((?P<set>.+)-)?(?P<half>train|t10k|test)-(?P<kind>images|labels)[-.]idx\d-ubyte(\.gz)?")
HALVES = ("train", "test")
HALF = {"train": "train", "t10k": "test", "test": "test"}
CLASSES, MAPPING = "classes.txt", "mapping.txt"
TRANSPOSED = "emnist"  # its images are stored column by column


@dataclass(frozen=True)
class Classes:
    """The classes that labels stand for.

    Attributes:
        labels: The label of each class, rising.
        names: Its name.
        origin: Where they are from, for messages.
    """

    labels: tuple[int, ...]
    names: tuple[str, ...]
    origin: str

    def places(self, labels: NDArray[np.uint8], file: Path) -> NDArray[np.uint8]:
        """Returns the place of each label among the classes.

        Raises:
            DataError: A label is of no class; `file` is where it is from.
        """
        if not self.labels:
            raise DataError(f"{self.origin} must hold one class at least. Received: none")
        known = np.isin(labels, self.labels)
        if not known.all():
            first = int(known.argmin())
            raise DataError(
                f"{file.name} must hold labels of {self.origin}, {self.labels[0]} to {self.labels[-1]}. "
                f"Received: {labels[first]} at image {first + 1:,}"
            )
        return np.searchsorted(self.labels, labels).astype(np.uint8)


def holds_idx(path: Path) -> bool:
    """Whether a folder holds IDX files, or `path` is the beginning of their names, such as `FOLDER/emnist-letters`."""
    return bool(_sets(path))


def read_idx_folder(path: Path) -> Dataset:
    """Reads the four IDX files of a folder, or those of it whose names begin with the last part of `path`.

    Names of the classes are from `classes.txt`, one a line in the order of their labels, or from EMNIST's mapping; else
    they are the labels of the training images. EMNIST's images are turned upright. Images that come class by class are
    mixed, all others stay in their order.

    Raises:
        DataError: A file is missing, damaged or does not fit the others, or there are files of several sets.
    """
    sets = _sets(path)
    if len(sets) > 1:
        raise DataError(
            f"{display(path)} holds {', '.join(sorted(name or 'files without a name' for name in sets))}: "
            f"choose one, as in folder:{display(path)}/{min(filter(None, sets))}"
        )
    ((name, files),) = sets.items()
    folder = path if path.is_dir() else path.parent
    wanted = [(half, kind) for half in HALVES for kind in ("images", "labels")]
    if missing := [" ".join(one) for one in wanted if one not in files]:
        raise DataError(f"{display(path)} must hold four IDX files. Missing: {', '.join(missing)}")
    images = {half: _read_images(files[half, "images"], turned=name.startswith(TRANSPOSED)) for half in HALVES}
    labels = {half: _read_labels(files[half, "labels"], files[half, "images"], len(images[half])) for half in HALVES}
    classes = _find_classes(folder, name, labels["train"])
    known = {half: classes.places(labels[half], files[half, "labels"]) for half in HALVES}
    train, test = (_mixed(images[half], known[half]) for half in HALVES)
    return Dataset(*train, *test, names=classes.names)


def _sets(path: Path) -> dict[str, dict[tuple[str, str], Path]]:
    """The IDX files by the beginning of their names, then by half and kind."""
    folder, chosen = (path, None) if path.is_dir() else (path.parent, path.name)
    found: dict[str, dict[tuple[str, str], Path]] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        matched = FILE.fullmatch(file.name)
        if matched and chosen in (None, matched["set"]):
            found.setdefault(matched["set"] or "", {})[HALF[matched["half"]], matched["kind"]] = file
    return found


def _read_images(file: Path, *, turned: bool) -> NDArray[np.uint8]:
    images = read_idx_file(file)
    if images.ndim not in (3, 4):
        raise DataError(f"{file.name} must hold images. Received: an array of {images.ndim} dimensions")
    return np.ascontiguousarray(images.swapaxes(1, 2)) if turned else images


def _mixed(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images that come class by class in another order, since the last are held out and the first measured."""
    if np.count_nonzero(np.diff(labels)) >= len(np.unique(labels)):
        return images, labels
    order = np.random.default_rng(ORDER).permutation(len(labels))
    return images[order], labels[order]


def _read_labels(file: Path, images_file: Path, count: int) -> NDArray[np.uint8]:
    labels = read_idx_file(file)
    if labels.shape != (count,):
        raise DataError(
            f"{file.name} must hold a label for each of the {count:,} images of {images_file.name}. "
            f"Received: {' × '.join(f'{length:,}' for length in labels.shape)}"
        )
    return labels


def _find_classes(folder: Path, name: str, labels: NDArray[np.uint8]) -> Classes:
    named, mapping = folder / CLASSES, folder / (f"{name}-{MAPPING}" if name else MAPPING)
    if named.is_file():
        names = tuple(line.strip() for line in _lines(named) if line.strip())
        return Classes(tuple(range(len(names))), names, named.name)
    if mapping.is_file():
        known = _read_mapping(mapping)
        return Classes(tuple(sorted(known)), tuple(known[label] for label in sorted(known)), mapping.name)
    found = tuple(np.unique(labels).tolist())
    return Classes(found, tuple(map(str, found)), "the training images")


def _read_mapping(file: Path) -> Mapping[int, str]:
    """EMNIST's mapping: a label a line, and behind it the codes of the characters that it stands for."""
    try:
        rows = [[int(number) for number in line.split()] for line in _lines(file) if line.strip()]
        return {label: "".join(map(chr, codes)) for label, *codes in rows}
    except (ValueError, OverflowError) as error:
        raise DataError(f"{file.name} must hold a label and the codes of its characters a line: {error}") from error


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except UNREADABLE as error:
        raise DataError(f"{file.name} must be a text in UTF-8: {error}") from error
