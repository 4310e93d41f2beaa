import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmarks.jobs.sweeps import ends_of_jobs, sweep_words
from benchmarks.jobs.waits import FIRST, HELP, JOB, NOTHING, REFUSED, find_goals, make_rows
from benchmarks.measuring.errors import BenchmarkError
from benchmarks.measuring.projects import Project, borrowed_project
from benchmarks.startup import main, parse
from pipeline.settings.paths import ROOT, STORE_ROOT

TINY = ("acgan.generator.filters=[8,8,8]", "acgan.discriminator.filters=[4,4,4,4]")


def test_help_and_refusals_have_two_seconds_a_step_twelve_and_nothing_to_do_five() -> None:
    rows = make_rows({HELP: [1.9], REFUSED: [2.1], FIRST: [11.0, 13.0, 11.9], NOTHING: [5.0], JOB: [9.0]})
    goals = find_goals(rows, counts=True)
    assert [(goal.want, goal.met) for goal in goals] == [("< 2", True), ("< 2", False), ("< 12", True), ("< 5", False)]


def test_too_few_rounds_meet_nothing() -> None:
    assert not any(goal.met for goal in find_goals(make_rows({HELP: [0.1]}), counts=False))


def test_the_jobs_of_a_sweep_differ_in_their_seed_and_report_once() -> None:
    words = sweep_words(3, "acgan.batch_size=5", "+debug=smoke", steps=7)
    assert words.count("+debug=smoke") == 1
    assert words[-2:] == ["seed=0,1,2", "hydra.mode=MULTIRUN"]
    assert {"acgan.steps=7", "acgan.report_every=7", "acgan.batch_size=5"} <= set(words)


def test_a_copied_project_has_sources_and_data_and_neither_runs_nor_a_store(tmp_path: Path) -> None:
    data = tmp_path / "images" / "mnist.npz"
    data.parent.mkdir()
    data.write_bytes(b"digits")
    with borrowed_project(data, judges=False) as project:
        assert (project.root / "params.yaml").read_bytes() == (ROOT / "params.yaml").read_bytes()
        assert (project.root / "data" / "mnist.npz").read_bytes() == b"digits"
        assert not (project.root / "runs").exists()
        assert not (project.root / "mlflow.db").exists()
        assert project.root.is_relative_to(STORE_ROOT / "runs")
    assert not project.root.exists()


def test_commands_in_it_find_no_other_store_and_their_own_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.measuring.projects.UNTOUCHED", {"MLFLOW_TRACKING_URI": "x", "HOME": "h"})
    environment = Project(tmp_path, tmp_path / "images").environment(TF_NUM_INTRAOP_THREADS="1")
    assert "MLFLOW_TRACKING_URI" not in environment
    assert (environment["HOME"], environment["TF_NUM_INTRAOP_THREADS"]) == ("h", "1")
    assert environment["MNIST_DIR"] == str(tmp_path / "images")


def test_a_sweep_whose_jobs_did_not_all_end_is_not_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Project, "train", lambda *_words: 1.0)
    with pytest.raises(BenchmarkError, match="a sweep of 4 jobs must end as many. Received: 0"):
        ends_of_jobs(Project(tmp_path, tmp_path), 4)


def test_a_mistyped_setting_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acgan.stepz=3"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_mistyped_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--rounds", "some"])
    assert "must be a whole number of 1 or more. Received: some" in capsys.readouterr().err


def test_what_was_waited_for_is_written_with_a_table_and_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.startup.prepared", lambda *_: nullcontext())
    monkeypatch.setattr("benchmarks.startup.ensure_fetched", lambda _: None)
    monkeypatch.setattr("benchmarks.startup.waits", lambda *_: {HELP: lambda: 1.5, FIRST: lambda: 13.0})
    results = tmp_path / "startup.json"
    assert main(["--json", str(results), "--rounds", "3", "--sweeps", "0"]) == 1
    goals = json.loads(results.read_text(encoding="utf-8"))["goals"]
    assert [(goal["name"], goal["got"], goal["met"]) for goal in goals] == [
        ("--help, seconds", 1.5, True),
        ("the first training step, seconds", 13.0, False),
    ]
    assert "| the first training step | 13 | 13 | 13 | 3 | s |" in results.with_suffix(".md").read_text(
        encoding="utf-8"
    )
    assert results.with_suffix(".png").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_a_user_waits_for_is_timed(tmp_path: Path, mnist_file: Path) -> None:
    assert mnist_file.exists()
    results = tmp_path / "startup.json"
    words = ["+debug=smoke", *TINY, "--rounds", "1", "--sweeps", "0", "--stages", "judge"]
    assert main(["--json", str(results), *words]) == 1
    rows = {row["name"]: row["median"] for row in json.loads(results.read_text(encoding="utf-8"))["rows"]}
    assert rows.keys() == {HELP, REFUSED, FIRST, NOTHING}
    assert rows[HELP] < rows[FIRST]
