"""IDX files and the wheel's pickle: read to the bit, and a pickle made to do harm is refused."""

import io
import os
import pickle
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.archives import ArrayUnpickler, read_folder, read_wheel
from pipeline.data.dataset import NAMES, Dataset
from pipeline.data.dataset_file import write
from pipeline.data.errors import DataError
from pipeline.data.mnist import verify


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("dotted", [False, True], ids=["dash", "dot"])
def test_idx_files_are_read_in_both_spellings_raw_or_packed(
    packed: bool, dotted: bool, tiny: Dataset, forms: Any, tmp_path: Path
) -> None:
    forms.idx(tiny, tmp_path, packed=packed, dotted=dotted)
    verify(read_folder(tmp_path))


def test_a_packed_file_without_its_ending_is_read(tiny: Dataset, forms: Any, tmp_path: Path) -> None:
    for path in forms.idx(tiny, tmp_path, packed=True):
        path.rename(path.with_suffix(""))
    verify(read_folder(tmp_path))


def test_a_folder_with_an_archive_is_read(tiny: Dataset, tmp_path: Path) -> None:
    write(tiny, tmp_path / "mnist.npz")
    verify(read_folder(tmp_path))


def test_a_missing_file_is_named(tiny: Dataset, forms: Any, tmp_path: Path) -> None:
    forms.idx(tiny, tmp_path)[2].unlink()
    with pytest.raises(DataError, match=r"Missing: t10k-images-idx3-ubyte\Z"):
        read_folder(tmp_path)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must be a folder .* Received: .*nowhere"):
        read_folder(tmp_path / "nowhere")


IDX_OF_MUCH = struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\x08", b"\0\0\x08\x03", b"\0\0\x0d\x01", b"<html>404</html>", b"\x1f\x8bnot", IDX_OF_MUCH],
    ids=["empty", "no rank", "no shape", "floats", "page", "broken gz", "vast"],
)
def test_what_is_no_idx_file_is_refused_by_name(content: bytes, tiny: Dataset, forms: Any, tmp_path: Path) -> None:
    forms.idx(tiny, tmp_path)[1].write_bytes(content)
    with pytest.raises(DataError, match="train-labels-idx1-ubyte must be an IDX file of bytes: "):
        read_folder(tmp_path)


def test_the_wheel_gives_every_pixel_back_in_the_original_order(tiny: Dataset, forms: Any, tmp_path: Path) -> None:
    again = read_wheel(forms.wheel(forms.pickle(tiny), tmp_path))
    for name in NAMES:
        np.testing.assert_array_equal(getattr(again, name), getattr(tiny, name))


def test_the_reader_agrees_with_numpy_about_a_pickled_array(tiny: Dataset, forms: Any) -> None:
    content = forms.pickle(tiny)
    with warnings.catch_warnings(action="ignore"):  # NumPy 2 has moved what Python 2's pickles name
        expected = pickle.loads(content, encoding="latin1")
    received = ArrayUnpickler(io.BytesIO(content)).load()
    for ours, theirs in zip(received, expected, strict=True):
        for array, known in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(array.values, known)
            assert array.values.dtype == known.dtype


def test_a_wheel_with_another_pickle_is_refused_unread(
    forms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = forms.wheel(b"anything", tmp_path)
    monkeypatch.undo()
    with pytest.raises(DataError, match=r"mnist\.pkl\.gz must have SHA-256 f11bb9e41d6c"):
        read_wheel(wheel)


class Harm:
    """Pickles to a call."""

    def __init__(self, call: Callable[..., Any], *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.call, self.arguments


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("call", [os.mkdir, Path.mkdir, eval, np.fromfile, np.memmap, np.load])
def test_a_pickle_made_to_do_harm_is_refused(protocol: int, call: Callable[..., Any], tmp_path: Path) -> None:
    target = tmp_path / "harm"
    content = pickle.dumps(Harm(call, str(target)), protocol=protocol)
    with pytest.raises(pickle.UnpicklingError, match="it must hold NumPy arrays alone"):
        ArrayUnpickler(io.BytesIO(content)).load()
    assert not target.exists()


@pytest.mark.parametrize("name", ["dtype.__class__", "ndarray.tofile", "ndarray.__reduce__", "load", "__dict__"])
def test_no_way_leads_from_an_admitted_name_to_another(name: str) -> None:
    content = (
        b"\x80\x04" + b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in ("numpy", name)) + b"\x93."
    )
    with pytest.raises(pickle.UnpicklingError, match="it must hold NumPy arrays alone"):
        ArrayUnpickler(io.BytesIO(content)).load()


def test_an_array_of_objects_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match="its numbers must be f4 or i8"):
        ArrayUnpickler(io.BytesIO(b"\x80\x02cnumpy\ndtype\nU\x01OK\x00K\x01\x87R.")).load()


@pytest.mark.parametrize("part", [b"\x80\x02N.", b"\x80\x02NNN\x87.", b"not a pickle", b""])
def test_a_pickle_of_something_else_is_refused_in_one_line(part: bytes, forms: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\Amnist_hub-0.1.4-py3-none-any.whl must hold MNIST: .*\Z"):
        read_wheel(forms.wheel(part, tmp_path))


def test_big_endian_numbers_and_fortran_order_are_refused(tiny: Dataset, forms: Any) -> None:
    content = forms.pickle(tiny)
    for known, changed, reason in ((b"U\x01<", b"U\x01>", "little-endian"), (b"tb\x89T", b"tb\x88T", "C order")):
        with pytest.raises(pickle.UnpicklingError, match=reason):
            ArrayUnpickler(io.BytesIO(content.replace(known, changed, 1))).load()
