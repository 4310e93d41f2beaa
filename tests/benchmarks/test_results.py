import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measuring.benchmark import Benchmark, positive
from benchmarks.measuring.child import by_turns, ratios
from benchmarks.measuring.machine import describe_machine
from benchmarks.measuring.picture import Panel, draw
from benchmarks.measuring.results import Goal, Results, Row, compare, rows_tables
from benchmarks.overhead import BENCHMARK as OVERHEAD
from benchmarks.quality import BENCHMARK as QUALITY
from benchmarks.scale import BENCHMARK as SCALE
from benchmarks.serving import BENCHMARK as SERVING
from benchmarks.startup import BENCHMARK as STARTUP
from benchmarks.step import BENCHMARK as STEP
from pipeline.settings.paths import ROOT

BENCHMARKS = [STEP, OVERHEAD, STARTUP, SCALE, QUALITY, SERVING]
MET, MISSED = compare(("speed", ">=", 2, 2.5), ("memory", "<", 1.5, 1.5))
BARS = [Row.of("étape: a step", [1.0, 3.0, 2.5], unit="s", panel="bars")]
CURVE = [Row.of(f"batch {at}: speed", [at / 2.0, at], panel="curves", curve="ours", at=at) for at in (10, 1000)]
LINE = [Row.of("real digits: speed", [40.0], panel="curves", curve="real digits")]
FOUND = Results([*BARS, *CURVE, *LINE], [MET], "Some steps.", details={"limit": 7})


@pytest.fixture(autouse=True)
def without_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.measuring.benchmark.ensure_fetched", lambda *_, **__: None)


def benchmark(results: Results) -> Benchmark:
    panels = (Panel("bars", bound=5.0), Panel("curves", "batch size"), Panel("nothing"))
    return Benchmark("some", "Some", panels, lambda _: results, lambda _: None)


def test_everyone_has_a_turn_before_anyone_has_a_second() -> None:
    called: list[str] = []

    def measure(name: str) -> int:
        called.append(name)
        return len(called)

    found = by_turns({"a": lambda: measure("a"), "b": lambda: measure("b")}, 3)
    assert "".join(called) == "ababab"
    assert found == {"a": [1, 3, 5], "b": [2, 4, 6]}


def test_ratios_are_of_the_same_round() -> None:
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


def test_a_row_has_the_middle_the_least_and_the_greatest() -> None:
    assert BARS[0] == Row("étape: a step", 2.5, 1.0, 3.0, "s", 3, panel="bars")
    assert (BARS[0].subject, BARS[0].measure, BARS[0].spread) == ("étape", "a step (s)", "2.5 (1–3)")


@pytest.mark.parametrize(
    ("sign", "got", "met"),
    [(">=", 2.0, True), (">", 2.0, False), ("<=", 2.0, True), ("<", 2.0, False), (">", 2.1, True), ("<", 1.9, True)],
)
def test_a_goal_is_met_as_its_sign_says(sign: str, got: float, met: bool) -> None:
    assert compare(("figure", sign, 2, got)) == [Goal("figure", f"{sign} 2", got, met)]


def test_no_goal_is_met_without_a_figure_or_where_none_counts() -> None:
    goals = [*compare(("figure", ">=", 2, None)), *compare(("figure", ">=", 2, 5), counts=False)]
    assert [goal.met for goal in goals] == [False, False]


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "results" / "speed.json"
    results = replace(FOUND, machine=describe_machine())
    results.write(path)
    assert Results.read(path) == results
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["machine", "text", "limit", "rows", "goals"]


def test_subjects_of_the_same_measures_share_a_table() -> None:
    both = [Row.of(f"batch {size}: {name}", [1234.5], unit="s") for size in (1, 2) for name in ("step", "wait")]
    first, second = rows_tables([*both, *BARS])
    assert first.splitlines() == [
        "| what | runs | step (s) | wait (s) |",
        "| --- | ---: | ---: | ---: |",
        "| batch 1 | 1 | 1,234 | 1,234 |",
        "| batch 2 | 1 | 1,234 | 1,234 |",
    ]
    assert second.splitlines()[2] == "| étape | 3 | 2.5 (1–3) |"


def test_a_missed_goal_makes_the_exit_status_one(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    assert benchmark(FOUND).run(["--json", str(path)]) == 0
    assert benchmark(replace(FOUND, goals=[MET, MISSED])).run(["--json", str(path)]) == 1
    lines = path.with_suffix(".md").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["| speed | >= 2 | 2.5 | yes |", "| memory | < 1.5 | 1.5 | no |"]


def test_table_and_picture_are_drawn_anew_from_the_results_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    benchmark(FOUND).run(["--json", str(path)])
    kept = {suffix: path.with_suffix(suffix).read_bytes() for suffix in (".md", ".png")}
    for suffix in kept:
        path.with_suffix(suffix).unlink()
    assert benchmark(replace(FOUND, rows=[])).run(["--json", str(path), "--from-results"]) == 0
    assert {suffix: path.with_suffix(suffix).read_bytes() for suffix in kept} == kept


def test_a_missing_results_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark(FOUND).run(["--json", str(tmp_path / "none.json"), "--from-results"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must hold a benchmark's results" in line


@pytest.mark.parametrize("own", BENCHMARKS, ids=lambda own: own.name)
def test_committed_results_are_readable_and_their_table_is_theirs(own: Benchmark) -> None:
    path = ROOT / "benchmarks" / "results" / f"{own.name}.json"
    results = Results.read(path)
    assert path.with_suffix(".md").read_text(encoding="utf-8") == results.markdown()
    assert {row.panel for row in results.rows} - {""} <= {panel.title for panel in own.panels}
    assert path.with_suffix(".png").exists()


@pytest.mark.parametrize("own", BENCHMARKS, ids=lambda own: own.name)
def test_a_mistyped_setting_is_one_line_before_anything_starts(
    own: Benchmark, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert own.run(["--json", str(tmp_path / "none.json"), "acgan.stepz=3"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "acgan.stepz" in line


def test_panels_with_rows_are_drawn_two_a_line(tmp_path: Path, drawn: list[Any]) -> None:
    draw(benchmark(FOUND).panels, FOUND.rows, tmp_path / "some.png", title="Some")
    bars, curves = drawn[0].axes
    assert [bar.get_width() for bar in bars.patches] == [2.5]
    assert bars.get_xlim()[1] > 5
    assert (curves.get_xscale(), curves.get_yscale(), curves.get_xlabel()) == ("log", "log", "batch size")
    assert [text.get_text() for text in curves.get_legend().get_texts()] == ["real digits", "ours"]


def test_what_spans_little_and_shares_are_on_plain_axes(tmp_path: Path, drawn: list[Any]) -> None:
    rows = [Row.of("a job: share", [0.9], panel="shares", at=at) for at in (1, 2)]
    draw([Panel("shares", "jobs", scale="linear")], rows, tmp_path / "some.png", title="Some")
    (axes,) = drawn[0].axes
    assert (axes.get_xscale(), axes.get_yscale(), axes.get_ylim()) == ("linear", "linear", (0, 1))


def test_a_bar_below_nothing_has_room(tmp_path: Path, drawn: list[Any]) -> None:
    draw([Panel("bars")], [Row.of("faster: share", [-0.02], panel="bars")], tmp_path / "some.png", title="Some")
    assert drawn[0].axes[0].get_xlim()[0] < -0.02


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "some"])
def test_a_mistyped_number_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"Received: {text}"):
        positive(text)


def test_the_machine_has_its_cores_and_releases_but_no_name() -> None:
    machine = describe_machine()
    assert int(machine["cores"] or 0) >= 1
    assert {"processor", "memory_gib", "python", "tensorflow"} <= machine.keys()
    assert "node" not in machine
