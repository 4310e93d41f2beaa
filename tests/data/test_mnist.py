"""The verified file: the same bytes each time, whole or not at all, and split without overlap."""

import errno
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.data.dataset import NAMES, Dataset, split
from pipeline.data.dataset_file import load, read, write
from pipeline.data.digests import file_digest
from pipeline.data.errors import DataError
from pipeline.data.files import WriteError
from pipeline.data.mnist import verify
from pipeline.settings.errors import PipelineError

TINY_FILE = "e3772d187fabdc7f11c9cb6a3ac4699268f405ea7426a98ae075942880629ab1"


def test_the_same_arrays_make_the_same_file_on_any_day_and_platform(tiny: Dataset, tmp_path: Path) -> None:
    write(tiny, tmp_path / "mnist.npz")
    assert file_digest(tmp_path / "mnist.npz") == TINY_FILE


def test_the_file_says_nothing_of_its_day_and_holds_plain_arrays(tiny: Dataset, tmp_path: Path) -> None:
    write(tiny, tmp_path / "mnist.npz")
    with zipfile.ZipFile(tmp_path / "mnist.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    with np.load(tmp_path / "mnist.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["x_train"], tiny.train_images)


def test_arrays_of_any_layout_in_memory_make_the_same_file(tiny: Dataset, tmp_path: Path) -> None:
    turned = Dataset(*(np.asfortranarray(getattr(tiny, name)) for name in NAMES))
    write(turned, tmp_path / "mnist.npz")
    assert file_digest(tmp_path / "mnist.npz") == TINY_FILE


def test_what_is_written_is_read_back(tiny: Dataset, tmp_path: Path) -> None:
    write(tiny, tmp_path / "new" / "mnist.npz")
    again = read(tmp_path / "new" / "mnist.npz")
    for name in NAMES:
        np.testing.assert_array_equal(getattr(again, name), getattr(tiny, name))


def test_a_file_is_read_once_and_nobody_can_write_on_what_all_share(tiny: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    write(tiny, path)
    first = read(path)
    assert read(path) is first
    with pytest.raises(ValueError, match="read-only"):
        first.train_images[0] = 0


def test_a_file_that_has_changed_is_read_and_verified_anew(tiny: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    write(tiny, path)
    read(path)
    path.write_bytes(bytes(100))
    with pytest.raises(DataError, match="damaged"):
        read(path)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tiny: Dataset, other: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tiny, tmp_path / "mnist.npz")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="cannot be written: No space left on device"):
        write(other, tmp_path / "mnist.npz")
    assert file_digest(tmp_path / "mnist.npz") == TINY_FILE
    assert [path.name for path in tmp_path.iterdir()] == ["mnist.npz"]


def test_a_folder_that_cannot_be_made_is_one_line(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(WriteError, match=r"mnist\.npz cannot be written: (File exists|Not a directory)"):
        write(tiny, tmp_path / "taken" / "mnist.npz")


def what_is_read(path: Path) -> dict[str, NDArray[np.uint8]]:
    try:
        return vars(read(path))
    except DataError:
        return {}


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_bit_is_never_read_as_other_images(place: float, bit: int, tiny: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    write(tiny, path)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    for name, array in what_is_read(path).items():
        np.testing.assert_array_equal(array, getattr(tiny, name))


@pytest.mark.parametrize("kept", [0, 1, 1000, 50_000])
def test_a_file_cut_short_is_refused_in_one_line(kept: int, tiny: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    write(tiny, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"\A.*mnist\.npz is damaged: delete it and fetch it again.*\Z"):
        read(path)


def test_a_missing_file_tells_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"`data\.path` must be the data set's file; fetch it by `dvc repro fetch`"):
        read(tmp_path / "mnist.npz")


def test_an_array_too_large_for_any_memory_is_refused(tiny: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    write(tiny, path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 46,)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", header.getvalue())
    with pytest.raises(DataError, match="is damaged: delete it"):
        read(path)


@pytest.mark.parametrize("classes", [np.array("bag"), np.array(3), np.array([["bag"]])])
def test_names_of_classes_that_are_no_list_are_refused(classes: np.ndarray, tiny: Dataset, tmp_path: Path) -> None:
    write(tiny, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        np.savez(tmp_path / "b.npz", classes=classes, **archive)
    with pytest.raises(DataError, match="classes must be a list of names"):
        read(tmp_path / "b.npz")


def test_an_archive_of_objects_is_refused_and_not_unpickled(tmp_path: Path) -> None:
    objects = np.array([object()])
    np.savez(tmp_path / "mnist.npz", x_train=objects, y_train=objects, x_test=objects, y_test=objects)
    with pytest.raises(DataError, match="Object arrays cannot be loaded"):
        load(tmp_path / "mnist.npz")


def test_one_changed_pixel_is_not_mnist(tiny: Dataset) -> None:
    tiny.test_images[3, 14, 14] ^= 1
    with pytest.raises(DataError, match="test_images must have SHA-256"):
        verify(tiny)


def test_the_same_bytes_in_another_shape_are_not_mnist(tiny: Dataset) -> None:
    flat = Dataset(tiny.train_images.reshape(-1, 784), tiny.train_labels, tiny.test_images, tiny.test_labels)
    with pytest.raises(DataError, match=r"train_images must be uint8 \(n, 28, 28\)"):
        verify(flat)


def test_signed_bytes_are_not_mnist(tiny: Dataset) -> None:
    signed = Dataset(tiny.train_images, tiny.train_labels, tiny.test_images, tiny.test_labels.astype(np.int8))
    with pytest.raises(DataError, match="Received: int8"):
        verify(signed)


def test_validation_is_the_last_training_images_in_order(tiny: Dataset) -> None:
    splits = split(tiny, validation=10, limit=None)
    np.testing.assert_array_equal(splits.train.images, tiny.train_images[:50])
    np.testing.assert_array_equal(splits.validation.images, tiny.train_images[50:])
    np.testing.assert_array_equal(splits.validation.labels, tiny.train_labels[50:])
    np.testing.assert_array_equal(splits.test.labels, tiny.test_labels)
    assert (splits.held_out, splits.held_out_name) == (splits.validation, "validation")


def test_without_validation_all_images_train_and_reports_are_on_test_images(tiny: Dataset) -> None:
    splits = split(tiny, validation=0, limit=None)
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [60, 0, 20]
    assert (splits.held_out, splits.held_out_name) == (splits.test, "test")


def test_a_limit_holds_for_each_split_and_moves_no_image_between_them(tiny: Dataset) -> None:
    _, first = np.unique(tiny.test_labels, return_index=True)
    limit = int(first.max()) + 1  # the least that leaves a test image of every class
    splits = split(tiny, validation=30, limit=limit)
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [limit] * 3
    np.testing.assert_array_equal(splits.validation.images, tiny.train_images[30 : 30 + limit])


def test_holding_out_everything_is_refused(tiny: Dataset) -> None:
    with pytest.raises(DataError, match=r"`data\.validation` must be below 60\. Received: 60"):
        split(tiny, validation=60, limit=None)
