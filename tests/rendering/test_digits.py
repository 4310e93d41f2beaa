"""Digits as a picture, an animation, arrays, and a folder of pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data.files import WriteError
from pipeline.rendering.digits import arrange, write_digits

IMAGES = np.linspace(-1, 1, 5 * 4 * 4, dtype=np.float32).reshape(5, 4, 4, 1)
DIGITS = np.array([3, 1, 4, 1, 5], np.int32)
PIXELS = np.rint((IMAGES[..., 0] + 1) * 127.5).astype(np.uint8)


def test_a_row_of_digits_is_as_wide_as_all_of_them_and_the_gaps_between(tmp_path: Path) -> None:
    write_digits(IMAGES, DIGITS, tmp_path / "row.png", magnify=3, in_row=True, milliseconds=100)
    with Image.open(tmp_path / "row.png") as picture:
        assert picture.size == (3 * (5 * 4 + 4), 3 * 4)
        assert np.array_equal(np.asarray(picture)[::3, -3 * 4 :: 3], PIXELS[4])


def test_a_sheet_is_nearly_square_and_black_behind_the_last_digit(tmp_path: Path) -> None:
    laid = arrange(IMAGES, in_row=False)
    assert laid.shape == (2, 3, 4, 4, 1)
    assert np.array_equal(laid[1, 1], IMAGES[4])
    assert np.all(laid[1, 2] == -1)
    assert arrange(np.zeros((100, 4, 4, 1), np.float32), in_row=False).shape[:2] == (10, 10)
    assert arrange(np.zeros((120, 4, 4, 1), np.float32), in_row=True).shape[:2] == (3, 50)


def test_an_animation_shows_the_images_one_after_the_other(tmp_path: Path) -> None:
    write_digits(IMAGES, None, tmp_path / "walk.gif", magnify=2, milliseconds=80)
    with Image.open(tmp_path / "walk.gif") as animation:
        assert (getattr(animation, "n_frames", 1), animation.size, animation.info["duration"]) == (5, (8, 8), 80)
        for number, pixels in enumerate(PIXELS):
            animation.seek(number)
            shown = np.asarray(animation.convert("L"), np.int16)[::2, ::2]
            assert np.abs(shown - pixels).max() <= 1


def test_arrays_have_the_pixels_and_the_digits_where_they_are_known(tmp_path: Path) -> None:
    write_digits(IMAGES, DIGITS, tmp_path / "a.npz", magnify=3, milliseconds=100)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert np.array_equal(archive["images"], PIXELS)
        assert np.array_equal(archive["digits"], DIGITS)
    write_digits(IMAGES, None, tmp_path / "b.npz", magnify=1, milliseconds=100)
    with np.load(tmp_path / "b.npz", allow_pickle=False) as archive:
        assert archive.files == ["images"]


def test_a_folder_has_a_picture_of_each_named_after_its_place_and_digit(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    write_digits(IMAGES, DIGITS, folder, magnify=1, milliseconds=100)
    assert sorted(file.name for file in folder.iterdir()) == ["0-3.png", "1-1.png", "2-4.png", "3-1.png", "4-5.png"]
    with Image.open(folder / "2-4.png") as picture:
        assert np.array_equal(np.asarray(picture), PIXELS[2])
    write_digits(np.repeat(IMAGES, 3, axis=0), None, folder, magnify=1, milliseconds=100)
    assert (folder / "14.png").exists()


def test_former_pictures_of_a_folder_go_and_other_files_stay(tmp_path: Path) -> None:
    kept = ("mine.png", "7.txt", "7-a.png")
    for name in ("07-3.png", "123.png", *kept):
        (tmp_path / name).touch()
    write_digits(IMAGES, DIGITS, tmp_path, magnify=1, milliseconds=100)
    drawn = ("0-3.png", "1-1.png", "2-4.png", "3-1.png", "4-5.png")
    assert {file.name for file in tmp_path.iterdir()} == {*drawn, *kept}


def test_colours_stay_colours(tmp_path: Path) -> None:
    coloured = np.repeat(IMAGES, 3, axis=-1)
    for name in ("a.png", "b.gif", "c.npz"):
        write_digits(coloured, None, tmp_path / name, magnify=1, milliseconds=100)
    write_digits(coloured, None, tmp_path / "d", magnify=1, milliseconds=100)
    with Image.open(tmp_path / "a.png") as sheet, Image.open(tmp_path / "d" / "0.png") as one:
        assert (sheet.mode, one.mode) == ("RGB", "RGB")
    with np.load(tmp_path / "c.npz") as archive:
        assert archive["images"].shape == (5, 4, 4, 3)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(WriteError, match="cannot be written: Not a directory"):
        write_digits(IMAGES, DIGITS, tmp_path / "file" / "folder", magnify=1, milliseconds=100)
