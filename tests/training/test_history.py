"""Tests of the history of a training."""

import json
from pathlib import Path

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.keys import Key
from pipeline.training.checkpoints import save_state
from pipeline.training.history import History, HistoryError, Point, read_history
from tests.keys import KEYS

NUMBERS = st.floats(allow_nan=False)
HISTORIES = st.builds(
    History,
    step=st.integers(0, 10**9),
    points=st.lists(st.builds(Point, KEYS, NUMBERS, st.integers(0, 10**9)), max_size=6),
    window=st.dictionaries(KEYS, NUMBERS, max_size=4),
    window_steps=st.integers(0, 10**6),
    best_score=st.none() | st.tuples(NUMBERS, NUMBERS),
    best_judged=st.booleans(),
    best_step=st.none() | st.integers(0, 10**9),
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(history=HISTORIES)
def test_any_history_comes_back_from_json_exactly(history: History) -> None:
    again = History.from_json(history.to_json())
    assert again == history
    assert again.to_json() == history.to_json()


def test_a_history_is_plain_json_that_other_programs_read() -> None:
    history = History()
    history.add({Key.parse("train/loss"): 0.1})
    history.close_window()
    assert json.loads(history.to_json())["points"] == [["train/loss", 0.1, 1]]


def test_a_point_is_the_mean_of_the_steps_since_the_last() -> None:
    history = History()
    for losses in ({Key("a"): 1.0, Key("b"): 10.0}, {Key("a"): 2.0, Key("b"): 20.0}, {Key("a"): 6.0, Key("b"): 60.0}):
        history.add(losses)
    assert history.close_window() == [Point(Key("a"), 3.0, 3), Point(Key("b"), 30.0, 3)]
    history.add({Key("a"): 5.0, Key("b"): 7.0})
    assert history.close_window() == [Point(Key("a"), 5.0, 4), Point(Key("b"), 7.0, 4)]
    assert history.step == 4
    assert (history.window, history.window_steps) == ({}, 0)


def test_the_least_score_is_the_best_and_the_earlier_of_two_equal_ones() -> None:
    history = History()
    best = []
    for score in (3.0, 4.0, 2.0, 2.0, 1.5):
        history.step += 10
        best.append(history.improve((score,)))
    assert best == [True, False, True, False, True]
    assert (history.best_score, history.best_step) == ((1.5,), 50)


def test_of_two_scores_with_the_same_first_number_the_second_decides() -> None:
    history = History()
    assert [history.improve(score) for score in ((3.0, -0.5), (3.0, -0.4), (3.0, -0.6))] == [True, False, True]


def test_a_best_report_that_is_forgotten_is_no_rival_of_the_next() -> None:
    history = History(step=20, best_score=(0.7,), best_step=10)
    history.reset_best()
    assert history.best_step is None
    history.step = 30
    assert history.improve((5.0, -0.1))
    assert history.best_step == 30


def test_a_mean_since_a_step_weighs_each_point_by_the_steps_that_it_is_the_mean_of() -> None:
    history = History()
    for step in range(1, 7):
        history.add({Key.parse("train/loss"): float(step)})
        if step in (2, 5, 6):
            history.close_window()
    history.record({Key.parse("heldout/loss"): 99.0})
    assert history.mean_since(0, "train") == {Key.parse("train/loss"): pytest.approx(3.5)}
    assert history.mean_since(2, "train") == {Key.parse("train/loss"): pytest.approx(4.5)}
    assert history.mean_since(5, "train") == {Key.parse("train/loss"): 6.0}


def test_curves_give_each_figure_its_own_steps() -> None:
    history = History()
    for _ in range(2):
        history.add({Key.parse("train/loss"): 1.0})
        history.close_window()
    history.record({Key.parse("heldout/loss"): 5.0})
    steps, values = history.curves()[Key.parse("train/loss")]
    assert (steps.tolist(), values.tolist()) == ([1, 2], [1.0, 1.0])
    assert history.curves()[Key.parse("heldout/loss")][0].tolist() == [2]


def test_the_figures_alone_are_read_from_a_state(tmp_path: Path) -> None:
    history = History(step=3, points=[Point(Key.parse("train/loss"), 0.1, 3)])
    save_state(tmp_path / "state.npz", {"weight": keras.Variable([1.0, 2.0])}, history)
    assert read_history(tmp_path / "state.npz") == history


def test_a_state_that_is_cut_off_or_missing_is_refused_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "state.npz"
    save_state(state, {"weight": keras.Variable([1.0, 2.0])}, History())
    state.write_bytes(state.read_bytes()[:-30])
    for file in (state, tmp_path / "none.npz"):
        with pytest.raises(HistoryError, match=rf"{file.name} must be a training's state") as refusal:
            read_history(file)
        assert "\n" not in str(refusal.value)
