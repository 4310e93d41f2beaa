import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.listened.summary import Round, draw_overhead, find_goals, make_rows, pair_turns
from benchmarks.listened.trainings import Clock, terminal, usual_seconds
from benchmarks.overhead import main

QUICK = Round([(1.01, 1.0)] * 9, between=1.2, steps=80.8, evaluation=20, once=10, memory=1_400_000_000)
SLOW = Round([(1.01, 1.0)] * 9, between=4.2, steps=80.8, evaluation=20, once=10, memory=1_600_000_000)


def test_slower_steps_and_what_lies_between_them_are_set_against_bare_steps_and_evaluation() -> None:
    assert QUICK.slower == pytest.approx(0.01)
    assert QUICK.share == pytest.approx(0.02)


def test_one_turn_that_was_held_up_does_not_make_all_of_them_slower() -> None:
    held_up = Round([(1.0, 1.0)] * 4 + [(50.0, 1.0)], between=0, steps=54, evaluation=0, once=0, memory=0)
    assert held_up.slower == 0


def test_steps_are_added_up_by_turns_but_for_the_first_turn_and_one_that_is_not_whole() -> None:
    on, off = [float(step) for step in range(1, 8)], [1.0] * 7  # step 0 is compiled
    assert pair_turns(on, off, steps=3) == [(3.0 + 4.0 + 5.0, 3.0)]
    assert pair_turns(on, off, steps=2) == [(2.0 + 3.0, 2.0), (4.0 + 5.0, 2.0), (6.0 + 7.0, 2.0)]


def test_a_training_shorter_than_two_turns_is_compared_whole() -> None:
    assert pair_turns([1.0, 2.0], [1.0, 1.0], steps=3) == [(3.0, 2.0)]


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
    assert [len(axes.patches) for axes in drawn[0].axes] == [4, 4]


def test_a_share_below_nothing_has_room(tmp_path: Path, drawn: list[Any]) -> None:
    faster = Round([(0.98, 1.0)] * 9, between=0, steps=98, evaluation=0, once=0, memory=0)
    draw_overhead(make_rows([faster], intervals=10), tmp_path / "overhead.png")
    assert drawn[0].axes[0].get_xlim()[0] < -0.02


def test_a_function_that_is_timed_gives_what_it_gave() -> None:
    clock = Clock()
    assert clock.timed("step", lambda value: value + 1)(2) == 3
    ((start, end),) = clock.spans["step"]
    assert start <= end


def test_a_first_report_that_compiles_counts_as_much_as_the_last() -> None:
    spans = [(10.0, 15.0), (15.0, 19.0), (30.0, 31.0), (31.0, 33.0)]
    assert usual_seconds(spans, since=29.5) == pytest.approx(2 * (1.0 + 2.0))


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
    assert rows["evaluation at the reports, no overhead"]["median"] > 0
