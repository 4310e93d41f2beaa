import json
from pathlib import Path

import pytest

from benchmarks.measuring.results import Goal, Row, exit_status, goals_table, markdown_table, write_results

MET = Goal.of("speed", ">=", 2, got=2.5)
MISSED = Goal.of("memory", "<", 1.5, got=1.5)


def test_a_row_has_the_middle_the_least_and_the_greatest() -> None:
    assert Row.of("step", [3.0, 1.0, 2.5], unit="s") == Row("step", 2.5, 1.0, 3.0, "s", 3)


@pytest.mark.parametrize(
    ("sign", "got", "met"),
    [(">=", 2.0, True), (">", 2.0, False), ("<=", 2.0, True), ("<", 2.0, False), (">", 2.1, True), ("<", 1.9, True)],
)
def test_a_goal_is_met_as_its_sign_says(sign: str, got: float, met: bool) -> None:
    assert Goal.of("figure", sign, 2, got=got) == Goal("figure", f"{sign} 2", got, met)


def test_no_goal_is_met_without_a_figure_or_where_none_counts() -> None:
    assert not Goal.of("figure", ">=", 2, got=None).met
    assert not Goal.of("figure", ">=", 2, got=5, counts=False).met


def test_an_unmet_goal_makes_the_exit_status_one() -> None:
    assert exit_status([MET]) == 0
    assert exit_status([MET, MISSED]) == 1


def test_results_are_the_machine_rows_and_goals(tmp_path: Path) -> None:
    path = tmp_path / "results" / "speed.json"
    rows = [Row.of("étape", [1.0], unit="s")]
    write_results(path, machine={"cores": 2}, rows=rows, goals=[MISSED], details={"limit": 7})
    content = json.loads(path.read_text(encoding="utf-8"))
    assert list(content) == ["machine", "limit", "rows", "goals"]
    assert content["rows"] == [{"name": "étape", "median": 1.0, "min": 1.0, "max": 1.0, "unit": "s", "runs": 1}]
    assert content["goals"] == [{"name": "memory", "want": "< 1.5", "got": 1.5, "met": False}]


def test_goals_are_shown_with_what_was_wanted_and_got() -> None:
    lines = goals_table([MET, Goal.of("time", "<", 10, got=None)]).splitlines()
    assert lines[2:] == ["| speed | >= 2 | 2.5 | yes |", "| time | < 10 | - | no |"]


def test_texts_of_a_table_stand_at_the_left_and_numbers_at_the_right() -> None:
    assert markdown_table(("name", "a"), [("x", "1")], left=1) == "| name | a |\n| --- | ---: |\n| x | 1 |"
