"""Points of a plane, coloured by digit."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from pipeline.rendering.scatter import APART, COLOURS, MANY, draw_scatter, place_names

AXES = ("across", "upward")


def colours_of(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as picture:
        return {tuple(pixel) for pixel in np.asarray(picture.convert("RGB")).reshape(-1, 3).tolist()}


def drawn(digit: int) -> tuple[int, ...]:
    return tuple(round(255 * share) for share in to_rgb(COLOURS[digit]))


def test_each_digit_has_a_colour_of_its_own_and_those_that_are_not_there_have_none(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(40, 2))
    draw_scatter(points, np.array([3, 8] * 20), tmp_path / "a.png", title="a title", axes=AXES)
    found = colours_of(tmp_path / "a.png")
    assert {drawn(3), drawn(8)} <= found
    assert drawn(5) not in found
    assert len(set(COLOURS[:10])) == 10


def test_the_same_points_give_the_same_bytes_also_where_there_are_many(tmp_path: Path) -> None:
    points = np.random.default_rng(1).normal(size=(MANY + 1, 2))
    for name in ("a.png", "b.png"):
        draw_scatter(points, np.arange(MANY + 1) % 10, tmp_path / name, title="a title", axes=AXES)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("points", [np.zeros((3, 2)), np.zeros((2, 3)), np.full((2, 2), np.nan)])
def test_points_that_are_none_are_refused(tmp_path: Path, points: np.ndarray) -> None:
    with pytest.raises(ValueError, match="`points` must be finite and"):
        draw_scatter(points, np.array([1, 2]), tmp_path / "a.png", title="", axes=AXES)
    assert not list(tmp_path.iterdir())


def test_no_name_hides_another_and_each_stands_at_a_point_of_its_digit() -> None:
    draw = np.random.default_rng(0)
    points, digits = draw.normal(size=(300, 2)), draw.integers(0, 3, 300)
    places = place_names(points, digits)
    for digit, place in places.items():
        assert any(np.array_equal(place, point) for point in points[digits == digit])
    found = np.array([places[digit] for digit in (0, 1, 2)])
    gaps = np.linalg.norm(found[:, None] - found, axis=2)[np.triu_indices(3, 1)]
    assert gaps.min() >= APART * np.ptp(points, axis=0).max()
    assert np.linalg.norm(found, axis=1).max() < 1


def test_names_of_digits_that_lie_on_one_point_share_it() -> None:
    assert place_names(np.zeros((4, 2)), np.array([0, 0, 1, 1])) == {0: (0.0, 0.0), 1: (0.0, 0.0)}
