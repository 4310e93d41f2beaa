import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.jobs import parts
from benchmarks.jobs.growth import KINDS_OF_THREADS, Size, fewer, threads
from benchmarks.jobs.parts import PARTS, Found
from benchmarks.measuring.findings import figure, rows_table
from benchmarks.measuring.picture import Bars, Growth, draw
from benchmarks.measuring.results import Row
from benchmarks.scale import main, parse

POINTS = [(1.0, Row.of("one", [1.0, 2.0, 3.0], unit="s")), (10.0, Row.of("ten", [20.0], unit="s"))]


def test_unsaid_every_part_is_run_up_to_a_batch_of_1600_16_jobs_and_1000_runs() -> None:
    options = parse([])
    assert options.parts == tuple(PARTS)
    assert (options.batches[-1], options.jobs, options.runs[-1]) == (1600, 16, 1000)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--parts", "batches,width"], "Received: 'width'"),
        (["--batches", "100,50"], "must rise, such as 10,100. Received: 100,50"),
        (["--runs", "10,10"], "must rise"),
    ],
)
def test_a_mistyped_option_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(words)
    assert said in capsys.readouterr().err


def test_a_mistyped_setting_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acgan.stepz=3"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_rows_of_curves_are_told_and_then_the_others() -> None:
    more = Row.of("more", [1.0], unit="GB")
    found = Found([Growth("a step", "batch", {"a": POINTS})], [more])
    assert found.rows == [POINTS[0][1], POINTS[1][1], more]


def test_large_batches_take_fewer_steps_a_turn_but_one_at_least() -> None:
    assert [fewer(Size(rounds=3, steps=6), batch).steps for batch in (25, 200, 400, 1600)] == [6, 6, 3, 1]


def test_threads_are_told_to_every_library_that_has_some() -> None:
    assert threads(2) == dict.fromkeys(KINDS_OF_THREADS, "2")


@pytest.mark.parametrize(("side", "met"), [(10.0, True), (9.0, True), (15.0, False)])
def test_trainings_side_by_side_are_worth_it_from_a_fifth_more(
    side: float, met: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(parts, "one_after_the_other", lambda *_: 12.0)
    monkeypatch.setattr(parts, "side_by_side", lambda *_: side)
    monkeypatch.setattr("benchmarks.measuring.projects.Project.train", lambda *_: 1.0)
    data = tmp_path / "mnist.npz"
    data.write_bytes(b"digits")
    options = Namespace(beside_steps=5, overrides=[], rounds=3, data=data)
    found = PARTS["beside"](options)
    (panel,) = found.panels
    assert isinstance(panel, Bars)
    assert panel.bound == 1.2
    assert {row.unit for row in found.rows} == {"ratio", "s"}
    (goal,) = found.goals
    assert goal.met is met
    assert goal.got == pytest.approx(12 / side)


def test_curves_are_drawn_over_what_grows_with_the_reach_of_their_runs(tmp_path: Path, drawn: list[Any]) -> None:
    growth = Growth("a step, seconds", "batch size", {"default": POINTS, "other": POINTS})
    draw([growth, Bars("ratio", POINTS_AS_BARS), growth], tmp_path / "scale.png", title="How cost grows")
    curves, bars, _, empty = drawn[0].axes
    assert (curves.get_xscale(), curves.get_yscale(), curves.get_xlabel()) == ("log", "log", "batch size")
    assert [text.get_text() for text in curves.get_legend().get_texts()] == ["default", "other"]
    assert [label.get_text() for label in bars.get_yticklabels()] == ["one", "ten"]
    assert not empty.axison


def test_places_evenly_apart_are_drawn_so_and_a_curve_within_a_decade_has_its_figures_at_the_side(
    tmp_path: Path, drawn: list[Any]
) -> None:
    rows = [Row.of("a step", [seconds], unit="s") for seconds in (0.16, 0.2, 0.35)]
    growth = Growth("a step, seconds", "steps taken", {"default": list(zip((9, 18, 27), rows, strict=True))})
    draw([growth], tmp_path / "scale.png", title="How cost grows")
    (axes,) = drawn[0].axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")
    low, high = axes.get_ylim()
    assert [tick for tick in axes.get_yticks() if low <= tick <= high] == pytest.approx([0.2, 0.3])


def test_long_labels_of_bars_are_folded(tmp_path: Path, drawn: list[Any]) -> None:
    draw([Bars("ratio", [("one way against the other way, by turns", POINTS[0][1])])], tmp_path / "b.png", title="Bars")
    assert [label.get_text() for label in drawn[0].axes[0].get_yticklabels()] == [
        "one way against the other\nway, by turns"
    ]


POINTS_AS_BARS = [(row.name, row) for _, row in POINTS]


def test_a_bound_beyond_the_bars_is_on_the_picture(tmp_path: Path, drawn: list[Any]) -> None:
    draw([Bars("seconds", POINTS_AS_BARS, bound=50)], tmp_path / "bars.png", title="What a user waits for")
    assert drawn[0].axes[0].get_xlim()[1] > 50


def test_a_table_has_a_line_a_row_with_four_digits() -> None:
    assert rows_table([POINTS[0][1]]).splitlines()[2] == "| one | 2 | 1 | 3 | 3 | s |"
    assert [figure(value) for value in (12345.6, 0.123456, 999.96)] == ["12,346", "0.1235", "1000"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_part_finds_its_rows(tmp_path: Path, mnist_file: Path) -> None:
    assert mnist_file.exists()
    results = tmp_path / "scale.json"
    small = ["--rounds", "1", "--steps", "1", "--batches", "4,8", "--runs", "6,12"]
    words = ["--parts", "batches,threads,store", *small, "+debug=smoke", "acgan.generator.filters=[8,8,8]"]
    assert main(["--json", str(results), *words, "acgan.discriminator.filters=[4,4,4,4]"]) == 0
    names = [row["name"] for row in json.loads(results.read_text(encoding="utf-8"))["rows"]]
    assert {"batch 8: speed", "2 threads: a step", "store of 12 runs: list"} <= set(names)
