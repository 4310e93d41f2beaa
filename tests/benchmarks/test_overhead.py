import json
import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from benchmarks.children.tracked import Clock, early_seconds
from benchmarks.measuring.projects import Project
from benchmarks.overhead import BENCHMARK, Round, _child, compare_ways, find_goals, make_rows, pair_turns
from pipeline.rendering.terminal import make_console
from pipeline.settings.paths import ROOT
from pipeline.training.timing import Phase
from tests.projects import PLAIN

PARTS = {"tracking": 1.0, "pictures": 0.2}
QUICK = Round([(1.01, 1.0)] * 9, between=1.2, steps=80.8, evaluation=20, once=10, memory=1_400_000_000, parts=PARTS)
SLOW = Round([(1.01, 1.0)] * 9, between=4.2, steps=80.8, evaluation=20, once=10, memory=1_600_000_000, parts=PARTS)


def test_slower_steps_and_what_lies_between_them_are_set_against_bare_steps_and_evaluation() -> None:
    assert QUICK.slower == pytest.approx(0.01)
    assert QUICK.share == pytest.approx(0.02)


def test_one_turn_that_was_held_up_does_not_make_all_of_them_slower() -> None:
    turns = [(1.0, 1.0)] * 4 + [(50.0, 1.0)]
    assert Round(turns, between=0, steps=54, evaluation=0, once=0, memory=0, parts={}).slower == 0


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
    goals = find_goals(make_rows([QUICK, SLOW, QUICK], intervals=20), counts=True)
    assert [goal.met for goal in goals] == [True, True, True]
    assert goals[2].got == 1.4
    assert not any(goal.met for goal in find_goals(make_rows([SLOW], intervals=20), counts=True))


def test_what_is_between_is_split_into_its_phases() -> None:
    rows = {row.subject: row.median for row in make_rows([QUICK, SLOW, QUICK], intervals=10)}
    assert (rows["of which tracking"], rows["of which pictures"]) == (1.0, 0.2)


def test_a_clock_keeps_the_spans_of_each_phase_and_counts_those_since_a_time() -> None:
    clock = Clock()
    for phase in (Phase.TRACKING, Phase.STEP):
        with clock(phase):
            pass
    now = time.perf_counter()
    with clock(Phase.TRACKING):
        time.sleep(0.01)
    assert [len(clock.seconds(phase)) for phase in (Phase.TRACKING, Phase.STEP)] == [2, 1]
    (last,) = clock.seconds(Phase.TRACKING, since=now)
    assert last >= 0.01


def test_samples_beyond_those_of_the_reports_come_once_a_training() -> None:
    assert early_seconds([0.2, 0.2, 0.4, 0.2], reports=2) == pytest.approx(0.5)
    assert early_seconds([0.2, 0.3], reports=2) == 0


@pytest.mark.long
def test_a_stopped_process_has_no_time_and_the_other_goes_on_meanwhile() -> None:
    code = "from benchmarks.children.tracked import Clock; from pipeline.training.timing import Phase; clock = Clock(1)"
    code += "; began = clock.now(); clock(Phase.STEP).__enter__(); print(clock.now() - began)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        time.sleep(2)
        process.send_signal(signal.SIGCONT)
        assert float(process.communicate()[0]) < 1


def test_the_live_bar_is_drawn_though_output_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.overhead.Child", lambda _, environment, folder: environment)
    environment: Any = _child(Project(Path("a"), Path("b")))
    assert environment["MLFLOW_TRACKING_URI"] is None
    monkeypatch.setenv("TTY_COMPATIBLE", environment["TTY_COMPATIBLE"])
    assert make_console(StringIO()).is_terminal


def test_the_spool_is_set_against_calls_that_are_waited_for_round_by_round() -> None:
    pairs: list[list[dict[str, Any]]] = [
        [{"seconds": on, "parts": {"tracking": on / 100}}, {"seconds": 50, "parts": {"tracking": 2}}]
        for on in (51, 49, 53)
    ]
    rows = compare_ways(pairs)
    assert {row.name: row.median for row in rows} == {
        "added by the spool: share of the training's time": pytest.approx(0.02),
        "through the spool: the whole": 51,
        "without the spool: the whole": 50,
        "through the spool: tracking": 0.51,
        "without the spool: tracking": 2,
    }
    (goal,) = find_goals(rows, counts=True)
    assert (goal.want, goal.met) == ("< 0.03", True)
    assert goal.got == pytest.approx(0.02)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_training_is_timed_with_all_of_it_and_with_none(tmp_path: Path, mnist_file: Path) -> None:
    results = tmp_path / "overhead.json"
    words = [*PLAIN, "acgan.report_every=5", f"data.path='{mnist_file.as_posix()}'"]
    assert BENCHMARK.run(["--json", str(results), "--rounds", "1", *words]) == 1
    rows = {row["name"]: row["median"] for row in json.loads(results.read_text(encoding="utf-8"))["rows"]}
    for name in ("steps, all on", "evaluation at the reports, no overhead", "the same, once a training"):
        assert rows[f"{name}: time"] > 0
    between = rows["tracking, checkpoints, pictures and progress: time"]
    parts = sum(rows[f"of which {name}: time"] for name in ("progress", "tracking", "pictures", "checkpoint"))
    assert 0 < parts <= between
    assert rows["without the spool: the whole"] > rows["without the spool: tracking"] > 0
    assert rows["through the spool: the whole"] > 0
