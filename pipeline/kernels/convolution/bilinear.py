"""The matrices with which maps and windows make convolutions from few products (Toom 1963, Cook 1966).

Polynomials are evaluated at points of which two are complex (Meng & Brothers 2019, arXiv 1901.01965), which keeps the
rounding near that of the plain sum.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

POINTS = (0, 1, -1, 2, -2, 1j, -1j, 0.5, -0.5)
POINTS_NEEDED = (7, 9)
DOUBLING_WINDOW = 3

Window = tuple[int, int]
Matrix = NDArray[np.float32]
Complex = NDArray[np.complexfloating]


class Bilinear(NamedTuple):
    """A convolution as three matrices: result = of_result · ((of_kernel · taps) × (of_maps · places)).

    Attributes:
        of_maps: `(products, places)`, from the places of maps to factors.
        of_kernel: `(products * subpixel², taps)`, from the taps of a window to factors; the sub-pixels of a product
            follow one another.
        of_result: `(places of the result, products)`, from products to the places of the result.
        places: Height and width of the maps.
        result: Height and width of the result; those of each sub-pixel if there are several.
        subpixel: 2 if even and odd rows and columns of the result have products of their own, else 1.
    """

    of_maps: Matrix
    of_kernel: Matrix
    of_result: Matrix
    places: Window
    result: Window
    subpixel: int


def has_points(places: Window, window: Window) -> bool:
    """Whether there are points for a convolution of maps with a window, both given as height and width."""
    needed = {side + taps - 1 for side, taps in zip(places, window, strict=True)}
    return len(needed) == 1 and needed <= set(POINTS_NEEDED)


@cache
def transposed_convolution(places: Window, window: Window) -> Bilinear:
    """Matrices of a transposed convolution of stride 1, `valid`; `places` and `window` are height and width.

    Raises:
        ValueError: There are no points for these sizes; see `has_points`.
    """
    points = _points(places, window)
    taps = [_powers(points, count)[:, np.newaxis] for count in window]
    return _in_two_unknowns(points, places, taps, [_interpolation(points)] * 2)


@cache
def convolution(places: Window, window: Window) -> Bilinear:
    """Matrices of a convolution of stride 1, `same`: the middle of a transposed one with its taps turned."""
    points = _points(places, window)
    taps = [_powers(points, count)[:, np.newaxis, ::-1] for count in window]
    return _in_two_unknowns(points, places, taps, _middles(points, places, window))


@cache
def doubling(places: Window, window: Window) -> Bilinear:
    """Matrices of a transposed convolution of stride 2, `same`, with a 5×5 window.

    Even and odd rows, and columns, are convolutions with every second tap, at most three of them.
    """
    middle = (DOUBLING_WINDOW, DOUBLING_WINDOW)
    points = _points(places, middle)
    taps = [_every_second(points, side) for side in window]
    return _in_two_unknowns(points, places, taps, _middles(points, places, middle))


def _points(places: Window, window: Window) -> Complex:
    if not has_points(places, window):
        raise ValueError(
            f"`places` and `window` must need {' or '.join(map(str, POINTS_NEEDED))} points, the same both ways. "
            f"Received: {places}, {window}"
        )
    return np.array(POINTS[: places[0] + window[0] - 1], np.complex128)


def _powers(points: Complex, count: int) -> Complex:
    """1, t, t² and so on of every point t, one row each."""
    return np.vander(points, count, increasing=True)


def _every_second(points: Complex, side: int) -> Complex:
    """The taps of even and of odd rows of a result, `(points, 2, taps)`."""
    powers = _powers(points, DOUBLING_WINDOW)
    taps = np.zeros((len(points), 2, side), np.complex128)
    taps[:, 0, 1::2] = powers[:, 1:]
    taps[:, 1, 0::2] = powers
    return taps


def _interpolation(points: Complex) -> Complex:
    return np.linalg.inv(_powers(points, len(points)))


def _middles(points: Complex, places: Window, window: Window) -> list[Complex]:
    return [_interpolation(points)[taps // 2 :][:side] for side, taps in zip(places, window, strict=True)]


def _in_two_unknowns(points: Complex, places: Window, taps: list[Complex], result: list[Complex]) -> Bilinear:
    """Combines the matrices along rows and along columns; `taps` are `(points, subpixel, taps)` along each."""
    subpixel, count = taps[0].shape[1], len(points) ** 2
    maps = np.kron(_powers(points, places[0]), _powers(points, places[1]))
    kernel = np.einsum("pak,qbl->pqabkl", *taps).reshape(count, -1)
    of_maps, of_kernel, of_result = _real_products(points, maps, kernel, np.kron(*result))
    of_kernel = of_kernel.reshape(len(of_maps) * subpixel**2, -1)
    return Bilinear(of_maps, of_kernel, of_result, places, (len(result[0]), len(result[1])), subpixel)


def _real_products(points: Complex, maps: Complex, kernel: Complex, result: Complex) -> tuple[Matrix, Matrix, Matrix]:
    """Turns complex matrices into real ones of the same convolution.

    Values at conjugate points are conjugate, so that one of the two is left out. Gauss's method multiplies two complex
    numbers by three real products.
    """
    mirrored = np.array([list(points).index(point.conjugate()) for point in points])
    number = np.arange(len(points) ** 2)
    mirror = (mirrored[:, np.newaxis] * len(points) + mirrored).ravel()
    real, pair = number == mirror, number < mirror
    a, b, c, d = maps[pair].real, maps[pair].imag, kernel[pair].real, kernel[pair].imag
    to_real, to_imaginary = 2 * result[:, pair].real, -2 * result[:, pair].imag
    return (
        np.concatenate([maps[real].real, a + b, a, b]).astype(np.float32),
        np.concatenate([kernel[real].real, c, d - c, c + d]).astype(np.float32),
        np.concatenate([result[:, real].real, to_real + to_imaginary, to_imaginary, -to_real], 1).astype(np.float32),
    )
