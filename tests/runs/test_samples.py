"""Tests of the sample tiles that are kept for the animation."""

from pathlib import Path

import numpy as np

from pipeline.runs.samples import read_samples, write_samples


def test_samples_come_back_by_step_in_order_within_half_a_shade(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    tiles = {step: draw.uniform(-1, 1, (2, 10, 28, 28)).astype("float32") for step in (1000, 20, 300_000)}
    for step, drawn in tiles.items():
        write_samples(tmp_path / "samples", step, drawn)
    again = read_samples(tmp_path / "samples")
    assert list(again) == [20, 1000, 300_000]
    for step, drawn in tiles.items():
        assert again[step].dtype == np.float32
        assert np.abs(again[step] - drawn).max() < 1 / 255


def test_a_step_that_is_written_again_replaces_the_first(tmp_path: Path) -> None:
    for value in (0.0, 0.5):
        write_samples(tmp_path, 7, np.full((1, 10, 28, 28), value, np.float32))
    assert np.unique(read_samples(tmp_path)[7]) == [0.5]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_without_samples_has_none(tmp_path: Path) -> None:
    assert read_samples(tmp_path / "none") == {}
