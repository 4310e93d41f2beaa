from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.rendering.tiles import GAP_GREY, save_png, tile, to_pixels


def block(rows: int = 2, columns: int = 3, *, value: float = -1.0, size: int = 4) -> NDArray[np.float32]:
    return np.full((rows, columns, size, size), value, np.float32)


def test_minus_one_is_black_zero_is_middle_grey_and_one_is_white() -> None:
    np.testing.assert_array_equal(to_pixels(np.array([-1.0, 0.0, 1.0])), [0, 128, 255])


def test_every_level_survives_the_way_to_floats_and_back() -> None:
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_pixels((levels / 127.5 - 1).astype(np.float32)), levels)


@pytest.mark.parametrize("value", [1.5, -2.0, np.nan, np.inf])
def test_values_outside_minus_one_to_one_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"`images` must be finite and in \[-1, 1\]. Received"):
        to_pixels(np.array([0.0, value]))


def test_the_picture_of_the_spec_is_21_tiles_wide_and_40_high() -> None:
    digits = block(rows=40, columns=10, size=28)
    assert tile([digits, digits], gap=0).shape == (40 * 28, 21 * 28)


def test_a_white_column_as_wide_as_a_tile_stands_between_two_blocks_and_at_no_edge() -> None:
    picture = tile([block(), block()], gap=0)
    assert (picture[:, 12:16] == 255).all()
    assert (picture[:, :12] == 0).all()
    assert (picture[:, 16:] == 0).all()


def test_each_tile_stands_in_its_row_and_column() -> None:
    tiles = np.linspace(-1, 1, 6).reshape(2, 3, 1, 1) * np.ones((2, 3, 4, 4))
    np.testing.assert_array_equal(tile([tiles], gap=1)[::5, ::5], [[0, 51, 102], [153, 204, 255]])


def test_gaps_are_grey_lines_between_tiles_and_at_no_edge() -> None:
    picture = tile([block()], gap=1)
    assert picture.shape == (2 * 4 + 1, 3 * 4 + 2)
    assert (picture[4] == GAP_GREY).all()
    assert (picture[:, [4, 9]] == GAP_GREY).all()
    assert (picture == GAP_GREY).sum() == 14 + 2 * 8


def test_magnifying_repeats_each_pixel() -> None:
    random = np.random.default_rng(0).uniform(-1, 1, (2, 3, 4, 4))
    np.testing.assert_array_equal(tile([random], magnify=3)[1::3, 2::3], tile([random]))


def test_one_channel_is_grey_and_three_are_colour() -> None:
    assert tile([block()[..., None]]).shape == (9, 14)
    assert tile([np.repeat(block()[..., None], 3, axis=-1)]).shape == (9, 14, 3)


def test_headings_stand_on_a_white_strip_above_their_own_block() -> None:
    digits = block(columns=10, size=28)
    bare, headed = tile([digits, digits]), tile([digits, digits], headings=["", "real"])
    strip = headed[: len(headed) - len(bare)]
    np.testing.assert_array_equal(headed[len(strip) :], bare)
    written = np.flatnonzero((strip < 128).any(axis=0))
    middle_of_the_second_block = 289 + 28 + 289 / 2
    assert abs(written.mean() - middle_of_the_second_block) < 3


@pytest.mark.parametrize(
    ("blocks", "options", "message"),
    [
        ([], {}, "`blocks` must be"),
        ([np.zeros((4, 4))], {}, "`blocks` must be"),
        ([np.zeros((2, 2, 4, 4, 2))], {}, "`blocks` must be"),
        ([block(rows=0)], {}, "`blocks` must be"),
        ([block(rows=2), block(rows=3)], {}, "differ in their columns only"),
        ([block()], {"magnify": 0}, "`magnify` must be 1 or more"),
        ([block()], {"gap": -1}, "`gap` 0 or more"),
        ([block()], {"headings": ["a", "b"]}, "`headings` must be one a block, 1"),
    ],
)
def test_what_makes_no_picture_is_refused(
    blocks: list[NDArray[np.float32]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tile(blocks, **options)


def test_a_picture_reads_back_as_written_and_always_has_the_same_bytes(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    for name in ("one.png", "folder/two.png"):
        save_png(picture, tmp_path / name)
    with Image.open(tmp_path / "one.png") as image:
        np.testing.assert_array_equal(np.asarray(image), picture)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "folder/two.png").read_bytes()
