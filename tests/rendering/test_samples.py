"""Samples of several runs in one picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.rendering.samples import draw_samples


def test_each_run_has_its_own_panel_three_a_line(tmp_path: Path) -> None:
    files = {}
    for number in range(4):
        files[f"generated={number}"] = tmp_path / f"{number}.png"
        Image.fromarray(np.full((20, 20), 60 * number, np.uint8)).save(files[f"generated={number}"])
    draw_samples(files, tmp_path / "all.png", title="a sweep")
    with Image.open(tmp_path / "all.png") as picture:
        greys = np.asarray(picture.convert("L"))
    height, width = greys.shape
    assert width > height
    # The first line is in the upper half and the fourth run begins the second.
    for grey, upper in ((0, True), (60, True), (120, True), (180, False)):
        rows = np.nonzero((abs(greys.astype(int) - grey) <= 1).sum(axis=1) > width / 6)[0]
        assert len(rows)
        assert (rows.mean() < height / 2) == upper


def test_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        draw_samples({}, tmp_path / "all.png", title="a sweep")
