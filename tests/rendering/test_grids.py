"""Grids with the names of classes: below columns in bands of ten, or beside rows."""

import numpy as np
import pytest

from pipeline.data.columns import BAND
from pipeline.rendering.grids import banded, class_grid
from pipeline.rendering.tiles import tile


def block(rows: int, columns: int, *channels: int) -> np.ndarray:
    values = np.linspace(-1, 1, rows * columns).reshape(rows, columns, *[1] * (2 + len(channels)))
    return np.broadcast_to(values, (rows, columns, 28, 28, *channels))


def names(count: int) -> list[str]:
    return [f"class {place}" for place in range(count)]


def test_without_names_a_grid_is_that_of_tiles() -> None:
    blocks = [block(3, 10), block(3, 10)]
    expected = tile(blocks, magnify=2, headings=("a", "b"))
    np.testing.assert_array_equal(class_grid(blocks, (), along="columns", magnify=2, headings=("a", "b")), expected)


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
@pytest.mark.parametrize("along", ["columns", "rows"])
def test_names_stand_beside_the_pixels_that_they_leave_alone(along: str, channels: tuple[int, ...]) -> None:
    images = block(3, 3, *channels)
    plain = tile([images], magnify=2)
    named = class_grid([images], ("bag", "coat", "shoe"), along=along, magnify=2)  # type: ignore[arg-type]
    height, width = plain.shape[:2]
    kept = named[:height] if along == "columns" else named[:, -width:]
    np.testing.assert_array_equal(kept, plain)
    beside = named[height:] if along == "columns" else named[:, :-width]
    thirds = np.array_split(beside, 3, axis=1 if along == "columns" else 0)
    assert all((third < 128).any() and (third == 255).any() for third in thirds)


def test_more_than_ten_classes_are_laid_in_bands_as_wide_as_one_of_ten() -> None:
    grid = class_grid([block(2, 100), block(2, 100)], names(100), along="columns", magnify=2)
    assert grid.shape[1] == tile([block(2, BAND)] * 2, magnify=2).shape[1]
    assert grid.shape[0] > 10 * tile([block(2, BAND)], magnify=2).shape[0]


def test_the_last_band_ends_in_black_and_no_image_is_lost() -> None:
    images = block(2, 23)
    laid = banded(images)
    assert laid.shape == (6, BAND, 28, 28)
    np.testing.assert_array_equal(laid[2:4], images[:, 10:20])
    assert (laid[4:, 3:] == -1).all()
    assert banded(images[:, :10]).shape == (2, 10, 28, 28)


def test_a_class_may_have_two_columns() -> None:
    grid = class_grid([block(1, 24)], names(12), along="columns")
    assert grid.shape[1] == tile([block(1, 20)]).shape[1]


def test_a_heading_is_no_wider_than_what_it_stands_above() -> None:
    picture = tile([block(1, 3), block(1, 3)], magnify=2, headings=("generated, each beside its neighbour", "test"))
    # Between the two blocks nothing is written.
    middle = picture.shape[1] // 2
    assert (picture[:20, middle - 20 : middle + 20] == 255).all()
