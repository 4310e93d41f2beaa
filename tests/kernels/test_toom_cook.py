"""Tests of convolutions by Toom and Cook's products against the plain ones."""

import pytest
import tensorflow as tf

from pipeline.kernels.convolution.bilinear import convolution, doubling, has_points, transposed_convolution
from pipeline.kernels.convolution.toom_cook import convolve, convolve_transposed, double
from tests.kernels.samples import ROUNDING_OF_PRODUCTS, Kernel, assert_plain, draw, rounding

Sides = tuple[int, int]


def _same(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(maps, kernel, 1, "SAME")


def _valid(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    sides = [side + taps - 1 for side, taps in zip(maps.shape[1:3], kernel.shape[:2], strict=True)]
    return tf.nn.conv2d_transpose(maps, kernel, (maps.shape[0], *sides, kernel.shape[2]), 1, "VALID")


def _doubled(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    sides = [2 * side for side in maps.shape[1:3]]
    return tf.nn.conv2d_transpose(maps, kernel, (maps.shape[0], *sides, kernel.shape[2]), 2, "SAME")


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize(
    ("sides", "window"),
    [((7, 7), (3, 3)), ((5, 5), (3, 3)), ((7, 5), (3, 5)), ((9, 7), (1, 3)), ((14, 14), (3, 3)), ((14, 10), (3, 5))],
)
def test_a_convolution_and_its_gradients_are_the_plain_ones(sides: Sides, window: Sides, outputs: int) -> None:
    assert_plain(convolve, _same, draw(2, *sides, 6), draw(*window, 6, outputs, seed=2), ROUNDING_OF_PRODUCTS)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize(("sides", "window"), [((3, 3), (5, 5)), ((4, 2), (4, 6)), ((1, 7), (7, 1)), ((5, 5), (5, 5))])
def test_a_transposed_convolution_and_its_gradients_are_the_plain_ones(
    sides: Sides, window: Sides, outputs: int
) -> None:
    assert_plain(
        convolve_transposed, _valid, draw(2, *sides, 6), draw(*window, outputs, 6, seed=2), ROUNDING_OF_PRODUCTS
    )


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("sides", [(7, 7), (5, 5)])
def test_a_doubling_convolution_and_its_gradients_are_the_plain_ones(sides: Sides, outputs: int) -> None:
    assert_plain(double, _doubled, draw(2, *sides, 6), draw(5, 5, outputs, 6, seed=2), ROUNDING_OF_PRODUCTS)


@pytest.mark.parametrize(
    ("fast", "plain", "sides", "kernel"),
    [
        (convolve, _same, (7, 7, 128), (3, 3, 128, 256)),
        (convolve, _same, (14, 14, 32), (3, 3, 32, 64)),
        (convolve_transposed, _valid, (3, 3, 384), (5, 5, 192, 384)),
        (double, _doubled, (7, 7, 192), (5, 5, 96, 192)),
    ],
)
def test_rounding_stays_far_below_that_of_tf32_at_the_networks_own_sizes(
    fast: Kernel, plain: Kernel, sides: tuple[int, ...], kernel: tuple[int, ...]
) -> None:
    assert rounding(fast, plain, draw(4, *sides), draw(*kernel, seed=2)) < ROUNDING_OF_PRODUCTS


def test_there_are_as_many_products_as_the_pages_say() -> None:
    assert len(transposed_convolution((3, 3), (5, 5)).of_kernel) == 49
    assert len(convolution((7, 7), (3, 3)).of_kernel) == 81
    assert len(convolution((14, 14), (3, 3)).of_kernel) == 324
    assert len(doubling((7, 7), (5, 5)).of_kernel) == 324


@pytest.mark.parametrize(("sides", "window"), [((7, 7), (5, 5)), ((3, 5), (5, 5)), ((2, 2), (3, 3))])
def test_other_sizes_have_no_points(sides: Sides, window: Sides) -> None:
    assert not has_points(sides, window)


@pytest.mark.parametrize("sides", [(12, 12), (14, 7), (5, 7), (4, 4)])
def test_maps_of_other_sizes_are_refused(sides: Sides) -> None:
    with pytest.raises(ValueError, match="7 or 9 points"):
        convolve(draw(1, *sides, 2), draw(3, 3, 2, 2))
