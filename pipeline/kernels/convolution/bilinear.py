"""The matrices with which maps and windows make convolutions from few products (Toom 1963, Cook 1966).

The points are simple fractions, symmetric about 0; few other sets of that kind round less.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

POINTS = {7: (0, 1 / 2, -1 / 2, 5 / 4, -5 / 4, 3, -3), 9: (0, 1 / 2, -1 / 2, 4 / 5, -4 / 5, 5 / 3, -5 / 3, 4, -4)}
DOUBLING_WINDOW = 3

Window = tuple[int, int]
Matrix = NDArray[np.float32]
Sides = tuple[Matrix, Matrix]
Exact = NDArray[np.floating]


class Bilinear(NamedTuple):
    """A convolution as matrices: result = of_result · ((of_kernel · taps) × (of_maps · places)).

    Attributes:
        of_maps: `(points, height)` and `(points, width)`, from the places of maps to factors, one for each pair of
            points.
        of_kernel: `(products * subpixel², taps)`, from the taps of a window to factors; the sub-pixels of a product
            follow one another.
        of_result: `(height, points)` and `(width, points)`, from products to the places of the result; those of each
            sub-pixel if there are several.
        subpixel: 2 if even and odd rows and columns of the result have products of their own, else 1.
    """

    of_maps: Sides
    of_kernel: Matrix
    of_result: Sides
    subpixel: int

    @property
    def places(self) -> Window:
        """Height and width of the maps."""
        return self.of_maps[0].shape[1], self.of_maps[1].shape[1]

    @property
    def result(self) -> Window:
        """Height and width of the result; those of each sub-pixel if there are several."""
        return len(self.of_result[0]), len(self.of_result[1])


def has_points(places: Window, window: Window, *, tiles: int = 1) -> bool:
    """Whether there are points for a convolution of maps with a window, both given as height and width.

    With several tiles, the maps are cut into as many parts along each axis, each a convolution of its own.
    """
    needed = {side // tiles + taps - 1 for side, taps in zip(places, window, strict=True)}
    return not any(side % tiles for side in places) and len(needed) == 1 and needed <= POINTS.keys()


def count_tiles(places: Window, window: Window) -> int | None:
    """Returns how many tiles along each axis `convolution` cuts maps into, 1 or 2; None if there are no points."""
    return next((tiles for tiles in (1, 2) if has_points(places, window, tiles=tiles)), None)


@cache
def transposed_convolution(places: Window, window: Window) -> Bilinear:
    """Matrices of a transposed convolution of stride 1, `valid`; `places` and `window` are height and width.

    Raises:
        ValueError: There are no points for these sizes; see `has_points`.
    """
    points = _points(places, window)
    taps = [_powers(points, count)[:, np.newaxis] for count in window]
    return _in_two_unknowns(_of_maps(points, places), taps, [_interpolation(points)] * 2)


@cache
def convolution(places: Window, window: Window) -> Bilinear:
    """Matrices of a convolution of stride 1, `same`: the middle of a transposed one with its taps turned.

    Maps too large for the points are cut in two along each axis, and the results of neighbours are added where they
    overlap.
    """
    tiles = count_tiles(places, window) or 1
    points = _points((places[0] // tiles, places[1] // tiles), window)
    taps = [np.tile(_powers(points, count)[:, np.newaxis, ::-1], (tiles, 1, 1)) for count in window]
    return _in_two_unknowns(_of_maps(points, places, tiles), taps, _middles(points, places, window, tiles))


@cache
def doubling(places: Window, window: Window) -> Bilinear:
    """Matrices of a transposed convolution of stride 2, `same`, with a 5×5 window.

    Even and odd rows, and columns, are convolutions with every second tap, at most three of them.
    """
    middle = (DOUBLING_WINDOW, DOUBLING_WINDOW)
    points = _points(places, middle)
    taps = [_every_second(points, side) for side in window]
    return _in_two_unknowns(_of_maps(points, places), taps, _middles(points, places, middle))


def _points(places: Window, window: Window) -> Exact:
    if not has_points(places, window):
        raise ValueError(
            f"`places` and `window` must need {' or '.join(map(str, POINTS))} points, the same both ways. "
            f"Received: {places}, {window}"
        )
    return np.array(POINTS[places[0] + window[0] - 1])


def _powers(points: Exact, count: int) -> Exact:
    """1, t, t² and so on of every point t, one row each."""
    return np.vander(points, count, increasing=True)


def _every_second(points: Exact, side: int) -> Exact:
    """The taps of even and of odd rows of a result, `(points, 2, taps)`."""
    powers = _powers(points, DOUBLING_WINDOW)
    taps = np.zeros((len(points), 2, side))
    taps[:, 0, 1::2] = powers[:, 1:]
    taps[:, 1, 0::2] = powers
    return taps


def _interpolation(points: Exact) -> Exact:
    return np.linalg.inv(_powers(points, len(points)))


def _of_maps(points: Exact, places: Window, tiles: int = 1) -> list[Exact]:
    """The matrix along each axis from a map's places to its values at the points, tile by tile."""
    return [np.kron(np.eye(tiles), _powers(points, side // tiles)) for side in places]


def _middles(points: Exact, places: Window, window: Window, tiles: int = 1) -> list[Exact]:
    """The matrix along each axis from products to the places of a result as large as the maps."""
    return [_middle(points, side, taps, tiles) for side, taps in zip(places, window, strict=True)]


def _middle(points: Exact, side: int, taps: int, tiles: int) -> Exact:
    count = len(points)
    whole = np.zeros((side + taps - 1, tiles * count))
    for tile in range(tiles):
        first = tile * (side // tiles)
        whole[first : first + count, tile * count : (tile + 1) * count] = _interpolation(points)
    return whole[taps // 2 :][:side]


def _in_two_unknowns(maps: list[Exact], taps: list[Exact], result: list[Exact]) -> Bilinear:
    """Combines the matrices along rows and along columns; `taps` are `(points, subpixel, taps)` along each."""
    of_kernel = np.einsum("pak,qbl->pqabkl", *taps).reshape(-1, taps[0].shape[2] * taps[1].shape[2])
    return Bilinear(_rounded(*maps), of_kernel.astype(np.float32), _rounded(*result), taps[0].shape[1])


def _rounded(rows: Exact, columns: Exact) -> Sides:
    return rows.astype(np.float32), columns.astype(np.float32)
