"""Samples of several runs in one picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.rendering.samples import draw_samples


@pytest.mark.parametrize(("runs", "first_row"), [(3, 3), (4, 2), (5, 3)])
def test_each_run_has_its_own_panel_at_most_three_a_line(runs: int, first_row: int, tmp_path: Path) -> None:
    files = {}
    for number in range(runs):
        files[f"generated={number}"] = tmp_path / f"{number}.png"
        Image.fromarray(np.full((20, 20), 40 * number, np.uint8)).save(files[f"generated={number}"])
    draw_samples(files, tmp_path / "all.png", title="a sweep")
    with Image.open(tmp_path / "all.png") as picture:
        greys = np.asarray(picture.convert("L"))
    height, width = greys.shape
    assert width > height or first_row < runs
    places = []
    for number in range(runs):
        rows = np.nonzero((abs(greys.astype(int) - 40 * number) <= 1).sum(axis=1) > width / 6)[0]
        assert len(rows)
        places.append(rows.mean())
    on_first_line = [abs(place - places[0]) < height / 4 for place in places]
    assert on_first_line == [number < first_row for number in range(runs)]


def test_a_panel_is_as_high_as_its_picture(tmp_path: Path) -> None:
    file = tmp_path / "wide.png"
    Image.fromarray(np.zeros((20, 60), np.uint8)).save(file)
    draw_samples({"dim=2": file, "dim=4": file}, tmp_path / "all.png", title="a sweep")
    with Image.open(tmp_path / "all.png") as picture:
        greys = np.asarray(picture.convert("L"))
    assert (greys < 128).mean() > 0.45


def test_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        draw_samples({}, tmp_path / "all.png", title="a sweep")
