"""Data of one's own in folders of pictures, a folder a class."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.dataset import Dataset
from pipeline.data.errors import UNREADABLE, DataError
from pipeline.settings.images import MOST_CLASSES, SIZES
from pipeline.settings.paths import display

TRAIN, TEST = "train", "test"
ENDINGS = (".png", ".jpg", ".jpeg")
FORMATS = ("PNG", "JPEG")
GREY, COLOUR = ("1", "L"), ("RGB", "P")
TEST_SHARE = 7  # of each class one picture in so many is for testing, as MNIST's 10,000 of 70,000
ORDER = 0  # seed of the order of pictures, which alone decides what is held out

Files = Mapping[str, Sequence[Path]]


def read_picture_folder(folder: Path) -> Dataset:
    """Reads PNG and JPEG pictures of 28 or 32 pixels, all in grey or all in colour, from a folder for each class.

    The classes are folders within `train` and `test`; where there are no such two, a seventh of each class, at least
    one picture, is for testing. Pictures are in an order that their names decide.

    Raises:
        DataError: A folder is empty, or a picture is damaged or of another form than the first; the text names it.
    """
    halves = _halves(folder)
    names = tuple(halves[TRAIN])
    if len(names) > MOST_CLASSES:  # before thousands of pictures are read
        raise DataError(f"{display(folder)} must hold {MOST_CLASSES} classes at most. Received: {len(names)}")
    first = halves[TRAIN][names[0]][0]
    train, test = (_read_half(halves[half], like=first) for half in (TRAIN, TEST))
    return Dataset(*train, *test, names=names)


def _halves(folder: Path) -> dict[str, Files]:
    found = _folders(folder)
    if {TRAIN, TEST} & {*found} and {TRAIN, TEST} != {*found}:
        raise DataError(f"{display(folder)} must hold train and test and no other folder. Received: {', '.join(found)}")
    if {TRAIN, TEST} == {*found}:
        halves = {half: _pictures_by_class(found[half]) for half in (TRAIN, TEST)}
        if {*halves[TRAIN]} != {*halves[TEST]}:
            different = sorted({*halves[TRAIN]} ^ {*halves[TEST]})
            raise DataError(
                f"{display(folder)} must hold the same classes in train and test. Only in one: {different[0]}"
            )
        return halves
    classes = _pictures_by_class(folder)
    few = [name for name, files in classes.items() if len(files) < 2]
    if few:
        raise DataError(f"{display(folder / few[0])} must hold two pictures or more, one of them for testing")
    held_out = {name: max(1, round(len(files) / TEST_SHARE)) for name, files in classes.items()}
    shuffled = {name: _shuffled(files) for name, files in classes.items()}
    return {
        TRAIN: {name: files[held_out[name] :] for name, files in shuffled.items()},
        TEST: {name: files[: held_out[name]] for name, files in shuffled.items()},
    }


def _pictures_by_class(folder: Path) -> Files:
    found = _folders(folder)
    if not found:
        raise DataError(f"{display(folder)} must hold a folder for each class, or four IDX files. Received: neither")
    return {name: _pictures(each) for name, each in found.items()}


def _folders(folder: Path) -> dict[str, Path]:
    """The visible folders in a folder by name, numbers in their order before other names."""
    names = [each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")]
    return {name: folder / name for name in sorted(names, key=_by_number)}


def _by_number(name: str) -> tuple[bool, int, str]:
    return (False, int(name), name) if name.isdecimal() else (True, 0, name)


def _pictures(folder: Path) -> list[Path]:
    files = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    if not files:
        raise DataError(f"{display(folder)} must hold pictures. Received: none")
    for file in files:
        if file.suffix.lower() not in ENDINGS or not file.is_file():
            raise DataError(f"{display(file)} must be a picture whose name ends in {', '.join(ENDINGS)}")
    return files


def _shuffled(files: Sequence[Path]) -> list[Path]:
    return [files[place] for place in np.random.default_rng(ORDER).permutation(len(files))]


def _read_half(classes: Files, *, like: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Reads pictures and their classes in one order of all of them, each of the form of the first."""
    form = _read_picture(like).shape
    order = _shuffled([file for files in classes.values() for file in files])
    labels = {file: label for label, files in enumerate(classes.values()) for file in files}
    images = np.empty((len(order), *form), np.uint8)
    for place, file in enumerate(order):
        image = _read_picture(file)
        if image.shape != form:
            raise DataError(
                f"{display(file)} must have {_spoken(form)}, as {display(like)}. Received: {_spoken(image.shape)}"
            )
        images[place] = image
    return images, np.array([labels[file] for file in order], np.uint8)


def _read_picture(file: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(file, formats=FORMATS) as picture:
            _check(picture, file)
            return np.asarray(picture.convert("L" if picture.mode in GREY else "RGB"))
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        raise DataError(f"{display(file)} must be a PNG or JPEG picture, and is damaged or none") from error


def _check(picture: Image.Image, file: Path) -> None:
    """Checks a picture by its head, before its pixels are unpacked."""
    if picture.mode not in GREY + COLOUR or picture.has_transparency_data:
        raise DataError(f"{display(file)} must be in grey or RGB, without transparency. Received: mode {picture.mode}")
    if picture.size not in {(size, size) for size in SIZES}:
        allowed = " or ".join(f"{size} × {size}" for size in SIZES)
        raise DataError(f"{display(file)} must have {allowed} pixels. Received: {picture.width} × {picture.height}")


def _spoken(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} × {shape[0]} pixels in {'grey' if len(shape) == 2 else 'colour'}"
