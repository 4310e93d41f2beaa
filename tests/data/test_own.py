"""Data of one's own: read as a person has them, checked, kept with their classes, and refused in one line."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.data.dataset import Dataset, split
from pipeline.data.dataset_file import read, write
from pipeline.data.errors import DataError
from pipeline.data.mnist import verify
from pipeline.data.sources import ensure_fetched, fetch
from pipeline.settings.data import DataSettings
from pipeline.settings.errors import PipelineError
from pipeline.settings.images import DIGITS
from tests.data.pictures import draw_class, idx_arrays, without_palette, write_idx, write_pictures

NAMES = ("bag", "coat", "shoe")


def options(folder: Path, output: Path, *, name: str = "mine") -> DataSettings:
    path = output / f"{name}.npz"
    return DataSettings(source=f"folder:{folder}", name=name, path=path, validation=10_000, limit=None)


def fetched(folder: Path, output: Path) -> Dataset:
    chosen = options(folder, output)
    fetch(chosen, report=lambda _line: None, progress=False)
    return read(chosen.file)


def refusal(folder: Path, output: Path) -> str:
    with pytest.raises(DataError) as refused:
        fetched(folder, output)
    text = str(refused.value)
    assert "\n" not in text
    assert not list(output.glob("*.npz"))
    return text.partition("cannot be used: ")[2]


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gz"])
def test_idx_files_of_three_classes_are_read_with_the_names_of_a_list(packed: bool, tmp_path: Path) -> None:
    arrays = idx_arrays(3)
    folder = write_idx(tmp_path / "idx", arrays, packed=packed)
    (folder / "classes.txt").write_text("bag\ncoat\nshoe\n", encoding="utf-8")
    dataset = fetched(folder, tmp_path)
    assert dataset.format.model_dump() == {"size": 28, "channels": 1, "names": NAMES}
    np.testing.assert_array_equal(dataset.train_images, arrays["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(dataset.test_labels, arrays["t10k-labels-idx1-ubyte"])


def test_a_list_of_names_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "idx", idx_arrays(3))
    (folder / "classes.txt").write_text("bag\ncoat\nshoe\n", encoding="utf-8-sig")
    assert fetched(folder, tmp_path).format.names == NAMES


def test_emnist_is_turned_upright_and_its_letters_are_named_by_its_mapping(tmp_path: Path) -> None:
    arrays = idx_arrays(3, first_label=1, beginning="emnist-letters-")
    renamed = {name.replace("t10k", "test"): array for name, array in arrays.items()}
    folder = write_idx(tmp_path / "gzip", renamed, packed=True)
    write_idx(folder, {f"emnist-digits-{name}": array for name, array in idx_arrays(2).items()})
    (folder / "emnist-letters-mapping.txt").write_text("1 65 97\n2 66 98\n3 67 99\n", encoding="utf-8")
    dataset = fetched(folder / "emnist-letters", tmp_path)
    assert dataset.format.names == ("Aa", "Bb", "Cc")
    assert dataset.train_labels[:4].tolist() == [0, 1, 2, 0]
    upright = arrays["emnist-letters-train-images-idx3-ubyte"].swapaxes(1, 2)
    np.testing.assert_array_equal(dataset.train_images, upright)
    assert "holds emnist-digits, emnist-letters: choose one" in refusal(folder, tmp_path / "none")
    write_idx(folder, idx_arrays(3))
    assert refusal(folder, tmp_path / "none").endswith(
        f"emnist-letters, files without a name: choose one, as in folder:{folder}/emnist-digits"
    )


@pytest.mark.parametrize(("file", "half"), [("train", "train"), ("t10k", "test")])
def test_images_that_come_class_by_class_are_mixed_with_their_labels(file: str, half: str, tmp_path: Path) -> None:
    arrays = idx_arrays(3)
    names = f"{file}-images-idx3-ubyte", f"{file}-labels-idx1-ubyte"
    order = np.argsort(arrays[names[1]], kind="stable")
    folder = write_idx(tmp_path / "idx", arrays | {name: arrays[name][order] for name in names})
    dataset = fetched(folder, tmp_path)
    images, labels = getattr(dataset, f"{half}_images"), getattr(dataset, f"{half}_labels")
    assert {*labels[:6].tolist()} == {*labels[-6:].tolist()} == {0, 1, 2}
    given = zip(*(arrays[name] for name in names), strict=True)
    assert _pairs(zip(images, labels, strict=True)) == _pairs(given)


def _pairs(known: Iterable[Any]) -> set[tuple[bytes, int]]:
    return {(image.tobytes(), int(label)) for image, label in known}


def test_labels_that_no_list_names_are_their_own_names(tmp_path: Path) -> None:
    arrays = idx_arrays(3)
    shifted = {name: array * 2 + 1 if "labels" in name else array for name, array in arrays.items()}
    dataset = fetched(write_idx(tmp_path / "idx", shifted), tmp_path)
    assert dataset.format.names == ("1", "3", "5")
    np.testing.assert_array_equal(dataset.train_labels, arrays["train-labels-idx1-ubyte"])


@pytest.mark.parametrize(("size", "channels", "classes"), [(28, 1, 12), (32, 3, 3)])
def test_pictures_are_read_from_a_folder_a_class(size: int, channels: int, classes: int, tmp_path: Path) -> None:
    names = [str(place) for place in range(classes)]
    for half, count in (("train", 21), ("test", 5)):
        write_pictures(tmp_path / "own" / half, names, count, size=size, channels=channels, seed=count)
    dataset = fetched(tmp_path / "own", tmp_path)
    # Numbers are in their order: 2 before 10.
    assert dataset.format.model_dump() == {"size": size, "channels": channels, "names": tuple(names)}
    assert (len(dataset.train_images), len(dataset.test_images)) == (21 * classes, 5 * classes)
    last = dataset.train_images[dataset.train_labels == classes - 1]
    drawn = draw_class(classes - 1, 21, size=size, channels=channels, seed=21)
    assert {image.tobytes() for image in last} == {image.tobytes() for image in drawn}


def test_a_seventh_of_each_class_is_for_testing_and_the_same_whenever_it_is_read(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "own", NAMES, 35)
    dataset = fetched(folder, tmp_path)
    assert np.bincount(dataset.train_labels).tolist() == [30] * 3
    assert np.bincount(dataset.test_labels).tolist() == [5] * 3
    assert not {image.tobytes() for image in dataset.test_images} & {image.tobytes() for image in dataset.train_images}
    first = (tmp_path / "mine.npz").read_bytes()
    fetched(folder, tmp_path)
    assert (tmp_path / "mine.npz").read_bytes() == first


def test_jpeg_pictures_are_read_too(tmp_path: Path) -> None:
    dataset = fetched(write_pictures(tmp_path / "own", NAMES, 30, channels=3, ending="jpg"), tmp_path)
    assert dataset.format.channels == 3


def test_at_most_a_sixth_of_ones_own_training_images_is_held_out(tmp_path: Path) -> None:
    dataset = fetched(write_pictures(tmp_path / "own", NAMES, 35), tmp_path)
    splits = split(dataset, validation=10_000, limit=None)
    assert [len(one) for one in (splits.train, splits.validation, splits.test)] == [75, 15, 15]
    splits = split(dataset, validation=4, limit=None)
    assert [len(one) for one in (splits.train, splits.validation, splits.test)] == [86, 4, 15]


def test_a_limit_that_leaves_a_class_without_a_test_image_is_refused(tmp_path: Path) -> None:
    dataset = fetched(write_pictures(tmp_path / "own", NAMES, 35), tmp_path)
    first = int(np.flatnonzero(dataset.test_labels != dataset.test_labels[0])[0])
    text = f"`data.limit` must leave a test image of every class. Received: {first}, none of "
    with pytest.raises(DataError, match=re.escape(text)):
        split(dataset, validation=4, limit=first)
    assert len(split(dataset, validation=4, limit=15).test) == 15


def test_what_is_fetched_says_that_no_hash_is_known(tmp_path: Path) -> None:
    lines: list[str] = []
    folder = write_pictures(tmp_path / "own", NAMES, 35, size=32, channels=3)
    form = ensure_fetched(options(folder, tmp_path), report=lines.append, progress=False)
    assert form.names == NAMES
    assert lines[-2].endswith("mine.npz: mine, 90 training and 15 test images; not compared with a known SHA-256")
    assert lines[-1] == "data: mine, 3 classes of 32 × 32 pixels in colour, not compared with a known SHA-256"


def test_a_file_that_is_there_is_used_and_not_the_folder_and_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    folder = write_pictures(tmp_path / "own", NAMES, 35)
    fetched(folder, tmp_path)
    other = options(tmp_path / "other", tmp_path)
    ensure_fetched(other, report=lines.append, progress=False)
    assert len(lines) == 2
    assert lines[0].endswith(f"mine.npz is there and used: `python -m pipeline.fetch` reads {other.source} anew")


def test_mnist_keeps_its_form_and_its_check(tiny: Dataset, tmp_path: Path) -> None:
    write(tiny, tmp_path / "mnist.npz")
    assert verify(read(tmp_path / "mnist.npz")).format == DIGITS


def test_a_path_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    chosen = options(tmp_path, tmp_path, name="a" * 300)
    with pytest.raises(PipelineError, match=r"a\.npz cannot be used: File name too long"):
        ensure_fetched(chosen, report=lambda _line: None, progress=False)


def test_a_home_that_nobody_has_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"`~` must stand for a home folder that is known. Received: ~nobody-at-all/x"):
        ensure_fetched(options(Path("~nobody-at-all/x"), tmp_path), report=lambda _line: None, progress=False)


@pytest.mark.parametrize("source", ["auto", "keras", "folder", "folder:"])
def test_data_of_ones_own_must_come_from_a_named_folder(source: str, tmp_path: Path) -> None:
    chosen = DataSettings(source=source, name="mine", path=tmp_path / "mine.npz", validation=10, limit=None)
    with pytest.raises(DataError, match=r"`data\.source` must be folder:PATH for data\.name=mine\. Received: "):
        fetch(chosen, report=lambda _line: None, progress=False)


def test_other_data_under_the_name_of_mnist_are_refused_and_the_reverse(tiny: Dataset, tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "idx", idx_arrays(3))
    with pytest.raises(DataError, match=r"data of your own need data\.name=NAME"):
        fetch(options(folder, tmp_path, name="mnist"), report=lambda _line: None, progress=False)
    fetched(folder, tmp_path)
    (tmp_path / "mine.npz").rename(tmp_path / "mnist.npz")
    with pytest.raises(DataError, match=r"`data\.name` must be that of other data than MNIST"):
        ensure_fetched(options(folder, tmp_path, name="mnist"), report=lambda _line: None, progress=False)
    write(tiny, tmp_path / "mine.npz")
    with pytest.raises(DataError, match=r"`data\.name` must be that of MNIST"):
        ensure_fetched(options(folder, tmp_path), report=lambda _line: None, progress=False)


Change = Callable[[Path], Any]


def cut(name: str) -> Change:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-99])


def changed(name: str, change: Callable[[Any], Any]) -> Change:
    """A change of one array of IDX files."""
    return lambda folder: write_idx(folder, {name: change(idx_arrays(3)[name])})


TRAIN, LABELS, TEST = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (cut(TRAIN), f"{TRAIN} must be an IDX file of bytes: it says 47,040 bytes and holds 46,941"),
        (
            lambda folder: (folder / TRAIN).write_bytes(b"\0\0\x0d\x03"),
            f"{TRAIN} must be an IDX file of bytes: it begins",
        ),
        (lambda folder: (folder / TRAIN).unlink(), "must hold four IDX files. Missing: train images"),
        (
            changed(LABELS, lambda labels: labels[1:]),
            f"{LABELS} must hold a label for each of the 60 images of {TRAIN}",
        ),
        (
            changed(TEST, lambda labels: labels + 1),
            f"{TEST} must hold labels of the training images, 0 to 2. Received: 3",
        ),
        (changed(TEST, lambda labels: labels * 0), "every class must have test images. Received: none of 1"),
        (changed(TRAIN, lambda images: images[:, 4:, 4:]), "train_images must be uint8 (n, size, size)"),
        (changed(TRAIN, lambda images: np.pad(images, ((0, 0), (2, 2), (2, 2)))), "test images must have the form of"),
        (
            lambda folder: (folder / "classes.txt").write_text("bag\ncoat", encoding="utf-8"),
            f"{LABELS} must hold labels of classes.txt, 0 to 1. Received: 2 at image 3",
        ),
        (
            lambda folder: (folder / "classes.txt").write_text("bag\ncoat\nbag", encoding="utf-8"),
            "each class must have a name of its own. Received: bag, coat, bag",
        ),
        (lambda folder: (folder / "classes.txt").write_bytes(b"\xff\xfe\xfd"), "classes.txt must be a text in UTF-8"),
        (
            lambda folder: (folder / "classes.txt").write_text("bag\ncoat\nsh\0oe", encoding="utf-8"),
            "the name of a class must be a text without control characters. Received: 'sh\\x00oe'",
        ),
        (lambda folder: (folder / "classes.txt").touch(), "classes.txt must hold one class at least. Received: none"),
        (lambda folder: (folder / "mapping.txt").touch(), "mapping.txt must hold one class at least. Received: none"),
        (
            lambda folder: write_idx(folder, {name: idx_arrays(3)[name][:0] for name in (TRAIN, LABELS)}),
            "the training images must hold one class at least. Received: none",
        ),
    ],
)
def test_idx_files_that_do_not_fit_are_refused_by_name(change: Change, reason: str, tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "idx", idx_arrays(3))
    change(folder)
    assert reason in refusal(folder, tmp_path / "out")


def test_a_packed_idx_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "idx", idx_arrays(3), packed=True)
    cut(f"{TRAIN}.gz")(folder)
    assert f"{TRAIN}.gz must be an IDX file of bytes: " in refusal(folder, tmp_path / "out")


@pytest.mark.parametrize("classes", [1, 101])
def test_one_class_and_more_than_a_hundred_are_refused(classes: int, tmp_path: Path) -> None:
    folder = tmp_path / "idx"
    write_idx(folder, {name: _many(array, classes) for name, array in idx_arrays(2, train=60, test=60).items()})
    assert refusal(folder, tmp_path / "out") == f"there must be 2 to 100 classes. Received: {classes}"


def _many(array: Any, classes: int) -> Any:
    return (np.arange(120) % classes).astype(np.uint8) if array.ndim == 1 else array


def saved(name: str, image: Image.Image) -> Change:
    return lambda folder: image.save(folder / name)


def lose_palette(folder: Path) -> None:
    file = folder / "coat" / "003.png"
    Image.new("P", (28, 28)).save(file)
    file.write_bytes(without_palette(file.read_bytes()))


GREY = Image.new("L", (28, 28))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (cut("coat/003.png"), "coat/003.png must be a PNG or JPEG picture, and is damaged or none"),
        (lambda folder: (folder / "coat" / "003.png").write_bytes(b""), "coat/003.png must be a PNG or JPEG picture"),
        (saved("coat/003.png", Image.new("L", (32, 32))), "coat/003.png must have 28 × 28 pixels in grey, as "),
        (saved("coat/003.png", Image.new("RGB", (28, 28))), "Received: 28 × 28 pixels in colour"),
        (saved("coat/003.png", Image.new("L", (64, 28))), "must have 28 × 28 or 32 × 32 pixels. Received: 64 × 28"),
        (
            saved("coat/003.png", Image.new("LA", (28, 28))),
            "must be in grey or RGB, without transparency. Received: mode LA",
        ),
        (lose_palette, "coat/003.png must be a PNG or JPEG picture, and is damaged or none"),
        (saved("coat/notes.bmp", GREY), "coat/notes.bmp must be a picture whose name ends in .png, .jpg, .jpeg"),
        (
            lambda folder: (folder / "coat").rename(folder / os.fsdecode(b"co\xffat")),
            "the name of a class must be a text without control characters. Received: 'co\\udcffat'",
        ),
        (lambda folder: (folder / "hat").mkdir(), "hat must hold pictures. Received: none"),
        (lambda folder: write_pictures(folder, ["hat"], 1), "hat must hold two pictures"),
        (lambda folder: (folder / "train").mkdir(), "must hold train and test and no other folder"),
    ],
)
def test_pictures_that_do_not_fit_are_refused_by_name(change: Change, reason: str, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "own", NAMES, 35)
    change(folder)
    assert reason in refusal(folder, tmp_path / "out")


def test_a_class_that_only_one_half_has_is_named(tmp_path: Path) -> None:
    write_pictures(tmp_path / "own" / "train", NAMES, 21)
    write_pictures(tmp_path / "own" / "test", NAMES[:2], 6)
    assert "the same classes in train and test. Only in one: shoe" in refusal(tmp_path / "own", tmp_path / "out")


def test_an_empty_folder_and_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    assert "must hold a folder for each class, or four IDX files. Received: neither" in refusal(
        tmp_path / "own", tmp_path / "out"
    )
    assert refusal(tmp_path / "nowhere", tmp_path / "out") == "there is no such folder"


def test_too_few_pictures_to_hold_any_out_are_refused(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "own", NAMES, 12)
    assert refusal(folder, tmp_path / "out") == "there must be 60 train images or more. Received: 30"


def test_a_damaged_file_of_ones_own_is_refused_in_one_line(tmp_path: Path) -> None:
    fetched(write_idx(tmp_path / "idx", idx_arrays(3)), tmp_path)
    file = tmp_path / "mine.npz"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(DataError, match=re.compile(r"\A.*mine\.npz is damaged: delete it and fetch it again.*\Z")):
        read(file)
