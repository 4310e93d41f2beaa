from pathlib import Path
from typing import Any

import pytest

from pipeline.data.keys import Key
from pipeline.evaluation.seeds import Setting
from pipeline.rendering.intervals import draw_intervals

COVERAGE = Key.parse("heldout/coverage")


def setting(*values: float) -> Setting:
    return Setting({}, [{COVERAGE: value} for value in values])


def draw(settings: dict[str, Setting], folder: Path, references: dict[Key, float] | None = None) -> None:
    title, remark = "a sweep", "a remark"
    path = folder / "a.png"
    draw_intervals(settings, path, measure=COVERAGE, references=references or {}, title=title, remark=remark)


def test_a_setting_is_a_row_with_its_runs_its_mean_and_from_three_seeds_on_its_interval(
    tmp_path: Path, drawn: list[Any]
) -> None:
    draw({"weight=1": setting(0.5, 0.6, 0.7), "weight=2": setting(0.2, 0.4)}, tmp_path)
    (axes,) = drawn[0].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["weight=1", "weight=2"]
    assert [one.get_offsets().tolist() for one in axes.collections[:1]] == [[[0.5, 0], [0.6, 0], [0.7, 0]]]
    assert [bars.lines[0].get_xydata()[0].tolist() for bars in axes.containers] == [
        pytest.approx([0.6, 0]),
        pytest.approx([0.3, 1]),
    ]
    assert [bars.has_xerr for bars in axes.containers] == [True, False]
    ((start, _), (end, _)) = axes.containers[0].lines[2][0].get_segments()[0]
    assert (start, end) == pytest.approx((0.6 - 0.248414, 0.6 + 0.248414), abs=1e-5)


def test_what_real_digits_score_is_a_dotted_line_where_it_is_known(tmp_path: Path, drawn: list[Any]) -> None:
    draw({"a": setting(0.5)}, tmp_path, {COVERAGE: 0.95})
    draw({"a": setting(0.5)}, tmp_path)
    dotted = [[line.get_xdata()[0] for line in one.axes[0].lines if line.get_linestyle() == ":"] for one in drawn]
    assert dotted == [[0.95], []]


def test_no_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`settings` must hold at least one"):
        draw({}, tmp_path)
