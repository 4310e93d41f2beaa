from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data.keys import Key
from pipeline.rendering.measures import measure_curves, split_curves

STEPS = np.array([100, 200, 300])
HISTORY = {
    Key("accuracy"): ((STEPS, np.array([0.2, 0.8, 0.98])), (STEPS, np.full(3, 0.99))),
    Key("frechet_digit_distance"): ((STEPS, np.array([90.0, 20.0, 4.0])), (STEPS, np.full(3, 0.3))),
    Key("coverage"): ((STEPS, np.array([0.0, 0.1, 0.5])), (STEPS, np.full(3, 0.97))),
}


def test_measures_are_drawn_side_by_side_and_the_same_curves_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        measure_curves(HISTORY, tmp_path / name, title="t", best=300)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size[0] > 2 * picture.size[1]


def test_a_training_that_chose_no_report_has_no_line_for_it(tmp_path: Path) -> None:
    measure_curves(HISTORY, tmp_path / "best.png", title="t", best=300)
    measure_curves(HISTORY, tmp_path / "none.png", title="t", best=None)
    assert (tmp_path / "best.png").read_bytes() != (tmp_path / "none.png").read_bytes()


def test_what_has_a_reference_is_a_measure_and_all_else_a_loss() -> None:
    line = (STEPS, STEPS / 2)
    keys = (
        Key.parse("train/loss"),
        Key.parse("heldout/loss"),
        Key.parse("heldout/accuracy"),
        Key.parse("reference/accuracy"),
    )
    losses, measures = split_curves(
        {key: (STEPS, STEPS * number) for number, key in enumerate(keys)} | {Key.parse("train/kl"): line}
    )
    assert list(losses) == [Key.parse("train/loss"), Key.parse("heldout/loss"), Key.parse("train/kl")]
    assert list(measures) == [Key.parse("heldout/accuracy")]
    assert [curve[1].tolist() for curve in measures[Key.parse("heldout/accuracy")]] == [
        [200, 400, 600],
        [300, 600, 900],
    ]


def test_a_history_without_measures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold at least one measure"):
        measure_curves({}, tmp_path / "a.png", title="t", best=None)
