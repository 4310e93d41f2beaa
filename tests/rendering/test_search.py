from pathlib import Path
from typing import Any

import pytest

from pipeline.rendering.search import draw_search

SHARES = {"real": 0.7, "trick": 0.3}


def draw(path: Path, trials: dict[int, list[float]], best: list[int], **objectives: bool) -> None:
    draw_search(trials, path, objectives=objectives, best=best, importances=SHARES, title="a search")


def test_of_two_measures_the_front_is_joined_in_order_and_named_by_the_numbers_of_its_trials(
    tmp_path: Path, drawn: list[Any]
) -> None:
    trials = {0: [0.9, 0.5], 1: [0.8, 0.7], 2: [0.7, 0.4], 3: [0.9, 0.5]}
    draw(tmp_path / "search.png", trials, [0, 3, 1], accuracy=True, coverage=True)
    left, right = drawn[0].axes
    assert left.lines[0].get_xydata().tolist() == [[0.8, 0.7], [0.9, 0.5], [0.9, 0.5]]
    assert sorted(text.get_text() for text in left.texts) == ["0, 3", "1"]
    assert left.collections[0].get_offsets().tolist() == [[0.7, 0.4]]
    assert [bar.get_width() for bar in right.patches] == [0.3, 0.7]


@pytest.mark.parametrize(("highest", "course"), [(False, [3.0, 2.0, 2.0]), (True, [3.0, 3.0, 4.0])])
def test_of_one_measure_the_best_so_far_never_gets_worse(
    highest: bool, course: list[float], tmp_path: Path, drawn: list[Any]
) -> None:
    draw(tmp_path / "search.png", {0: [3.0], 1: [2.0], 4: [4.0]}, [1], distance=highest)
    left, _ = drawn[0].axes
    assert left.lines[0].get_ydata().tolist() == course
    assert left.lines[0].get_xdata().tolist() == [0, 1, 4]


def test_without_a_trial_nothing_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`trials` must hold at least one"):
        draw(tmp_path / "search.png", {}, [], accuracy=True)


def test_too_few_trials_for_importances_leave_no_empty_axes(tmp_path: Path, drawn: list[Any]) -> None:
    trials, objectives = {0: [0.5]}, {"coverage": True}
    draw_search(trials, tmp_path / "a.png", objectives=objectives, best=[0], importances={}, title="a search")
    left, right = drawn[0].axes
    assert [axes.axison for axes in (left, right)] == [True, False]
    assert right.get_title() == "too few trials for importances"
