from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.rendering.confusion import draw_confusion

SURE = 100 * np.eye(10, dtype=np.int64)


def test_a_confusion_has_ten_dark_cells_where_every_digit_is_read_as_asked(tmp_path: Path) -> None:
    draw_confusion(SURE, tmp_path / "sure.png", title="t")
    with Image.open(tmp_path / "sure.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    blue = (pixels[..., 2] > pixels[..., 0] + 30) & (pixels.sum(axis=2) < 330)
    columns = blue.any(axis=0).astype(int)
    assert np.count_nonzero(np.diff(columns) == 1) == 1
    assert min(picture.size) >= 400
    assert 0.05 < blue.mean() * 10 < 1


def test_the_same_counts_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_confusion(SURE, tmp_path / name, title="t")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_digits_that_were_never_asked_for_are_empty_rows(tmp_path: Path, drawn: list[Any]) -> None:
    counts = SURE.copy()
    counts[3] = 0
    draw_confusion(counts, tmp_path / "a.png", title="t")
    (axes,) = drawn[0].axes
    assert [label.get_text() for label in axes.get_yticklabels()][2:4] == ["2\nof 100", "3\nof 0"]
    assert [row for row in range(10) if not axes.images[0].get_array()[row].any()] == [3]
    assert {text.get_text() for text in axes.texts if text.get_position()[1] == 3} == {""}


def test_counts_that_are_not_square_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"`counts` must be square and 0 or more. Received: shape \(2, 3\)"):
        draw_confusion(np.zeros((2, 3), np.int64), tmp_path / "a.png", title="t")
