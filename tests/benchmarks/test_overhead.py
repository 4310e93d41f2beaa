import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.listened.summary import Round, draw_overhead, find_goals, make_rows
from benchmarks.listened.trainings import Clock, terminal
from benchmarks.overhead import main

QUICK = Round([1.01] * 100, [1.0] * 100, evaluation=5, between=1.0, once=10, memory=1_400_000_000)
SLOW = Round([1.01] * 100, [1.0] * 100, evaluation=5, between=4.0, once=10, memory=1_600_000_000)


def test_slower_steps_and_what_lies_between_them_are_added_up_and_evaluation_is_not() -> None:
    assert QUICK.slower == pytest.approx(1.0)
    assert QUICK.share == pytest.approx(0.02)


def test_one_step_that_was_held_up_does_not_make_all_of_them_slower() -> None:
    held_up = Round([1.0] * 99 + [50.0], [1.0] * 100, evaluation=0, between=0, once=0, memory=0)
    assert held_up.slower == 0


def test_what_comes_once_weighs_less_in_a_longer_training() -> None:
    assert QUICK.share_of(1) == pytest.approx(0.12)
    assert QUICK.share_of(10) == pytest.approx(0.03)


def test_goals_take_the_middle_round_and_the_memory_of_the_first() -> None:
    goals = find_goals([QUICK, SLOW, QUICK], intervals=20, counts=True)
    assert [goal.met for goal in goals] == [True, True, True]
    assert goals[2].got == 1.4
    assert not any(goal.met for goal in find_goals([SLOW], intervals=20, counts=True))


def test_shares_and_seconds_are_drawn_apart(tmp_path: Path, drawn: list[Any]) -> None:
    draw_overhead(make_rows([QUICK, SLOW], intervals=10), tmp_path / "overhead.png")
    assert [len(axes.patches) for axes in drawn[0].axes] == [4, 5]


def test_a_function_that_is_timed_gives_what_it_gave() -> None:
    clock = Clock()
    assert clock.timed("step", lambda value: value + 1)(2) == 3
    ((start, end),) = clock.spans["step"]
    assert start <= end


def test_the_live_bar_is_drawn_on_a_terminal() -> None:
    import sys

    before = sys.stdout
    with terminal():
        assert sys.stdout.isatty()
        sys.stdout.write("x" * 100_000)
    assert sys.stdout is before


def test_a_mistyped_setting_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acgan.stepz=3"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.slow
def test_a_training_is_timed_with_all_of_it_and_with_none(tmp_path: Path) -> None:
    results = tmp_path / "overhead.json"
    assert main(["--json", str(results), "--rounds", "1", "--steps", "4", "+debug=smoke"]) == 1
    rows = {row["name"]: row for row in json.loads(results.read_text(encoding="utf-8"))["rows"]}
    assert rows["steps, all on"]["median"] > 0
    assert rows["tracking, checkpoints, pictures and progress"]["median"] > 0
    assert rows["evaluation at the report, no overhead"]["median"] > 0
