from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from pipeline.rendering.animation import animate
from pipeline.rendering.tiles import Pixels


def frames(count: int, shape: tuple[int, ...] = (56, 112)) -> list[Pixels]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, shape, np.uint8) for _ in range(count)]


def played(path: Path) -> list[tuple[Pixels, int]]:
    with Image.open(path) as animation:
        return [(np.asarray(frame.convert("L")), frame.info["duration"]) for frame in ImageSequence.Iterator(animation)]


def test_every_picture_is_there_in_order_and_the_last_is_held_longer(tmp_path: Path) -> None:
    pictures = frames(3)
    animate(pictures, [0, 50, 100], tmp_path / "a.gif", milliseconds=200)
    shown = played(tmp_path / "a.gif")
    assert [duration for _, duration in shown] == [200, 200, 1200]
    for picture, (frame, _) in zip(pictures, shown, strict=True):
        assert np.abs(frame[-56:].astype(int) - picture).max() <= 9


def test_it_repeats_for_ever(tmp_path: Path) -> None:
    animate(frames(2), [0, 1], tmp_path / "a.gif", milliseconds=200)
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.info["loop"] == 0


def test_equal_pictures_differ_in_the_label_of_their_step(tmp_path: Path) -> None:
    animate([frames(1)[0]] * 2, [1, 2], tmp_path / "a.gif", milliseconds=200)
    (first, _), (second, _) = played(tmp_path / "a.gif")
    assert (first[:-56] != second[:-56]).any()
    np.testing.assert_array_equal(first[-56:], second[-56:])


def test_a_long_run_is_thinned_but_keeps_its_first_and_last_picture(tmp_path: Path) -> None:
    pictures = [np.full((28, 280), level, np.uint8) for level in range(0, 255, 2)]
    animate(pictures, range(len(pictures)), tmp_path / "a.gif", most=10, milliseconds=200)
    shown = played(tmp_path / "a.gif")
    assert len(shown) == 10
    assert shown[0][0][-1, 0] == 0
    assert shown[-1][0][-1, 0] == 255


def test_one_picture_of_step_zero_and_pictures_in_colour_can_be_shown(tmp_path: Path) -> None:
    animate(frames(1), [0], tmp_path / "one.gif", milliseconds=200)
    animate(frames(2, (28, 112, 3)), [0, 10], tmp_path / "colour.gif", milliseconds=200)
    assert len(played(tmp_path / "one.gif")) == 1
    assert len(played(tmp_path / "colour.gif")) == 2


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.gif", "two.gif"):
        animate(frames(3), [0, 1, 2], tmp_path / name, milliseconds=200)
    assert (tmp_path / "one.gif").read_bytes() == (tmp_path / "two.gif").read_bytes()


@pytest.mark.parametrize(
    ("pictures", "steps", "options", "message"),
    [
        ([], [], {}, "`frames` must be one a step"),
        (frames(2), [1], {}, "2 frames, 1 steps"),
        ([*frames(1), *frames(1, (28, 28))], [0, 1], {}, "`frames` must be of one size"),
        (frames(1), [0], {"milliseconds": 10}, "`milliseconds` must be 20 or more"),
        (frames(1), [0], {"most": 1}, "`most` 2 or more"),
    ],
)
def test_what_cannot_be_played_is_refused(
    tmp_path: Path, pictures: list[Pixels], steps: list[int], options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        animate(pictures, steps, tmp_path / "a.gif", **{"milliseconds": 200, **options})
