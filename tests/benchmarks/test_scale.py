import json
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.measuring import BenchmarkError
from benchmarks.measuring.projects import Project
from benchmarks.scale import BATCHES, BENCHMARK, JOBS, PARTS, RUNS, ends_of_jobs


def test_unsaid_every_part_is_run_up_to_a_batch_of_1600_16_jobs_and_1000_runs() -> None:
    assert BENCHMARK.parse([]).part is None
    assert tuple(PARTS) == ("steps", "batches", "threads", "sweep", "beside", "cluster", "store")
    assert (BATCHES[-1], JOBS, RUNS[-1]) == (1600, 16, 1000)


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        BENCHMARK.parse(["--part", "batches", "--part", "width"])
    assert "invalid choice: 'width'" in capsys.readouterr().err


@pytest.mark.parametrize(("side", "status"), [(10.0, 0), (9.0, 0), (15.0, 1)])
def test_trainings_side_by_side_are_worth_it_from_a_fifth_more(
    side: float, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Project, "run", lambda _, *words: side if words[-1] == "compute.jobs=2" else 12.0)
    monkeypatch.setattr("benchmarks.measuring.benchmark.ensure_fetched", lambda *_, **__: None)
    monkeypatch.setattr("benchmarks.measuring.projects.shutil.copy", lambda *_: None)
    results = tmp_path / "scale.json"
    assert BENCHMARK.run(["--json", str(results), "--part", "beside"]) == status
    content = json.loads(results.read_text(encoding="utf-8"))
    assert [goal["got"] for goal in content["goals"]] == [pytest.approx(12 / side)]
    assert [row["runs"] for row in content["rows"]] == [3, 3, 3]


def test_a_sweep_whose_jobs_did_not_all_end_is_not_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Project, "run", lambda *_words: 1.0)
    with pytest.raises(BenchmarkError, match="a sweep of 4 jobs must end as many. Received: 0"):
        ends_of_jobs(Project(tmp_path, tmp_path), [], 4)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_each_part_finds_its_rows(tmp_path: Path, mnist_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = tmp_path / "scale.json"
    monkeypatch.setattr(scale, "BATCHES", (4, 8))
    monkeypatch.setattr(scale, "RUNS", (6, 12))
    monkeypatch.setattr(scale, "SHORT_JOBS", 3)
    monkeypatch.setattr(scale, "WORKERS", (2,))
    small = ["--rounds", "1", "--steps", "1"]
    tiny = ["acgan.generator.filters=[8,8,8]", "acgan.discriminator.filters=[4,4,4,4]"]
    tiny += ["acgan.generator.likelihood.images=2", f"data.path='{mnist_file.as_posix()}'"]
    words = ["--part", "batches", "--part", "threads", "--part", "cluster", "--part", "store", *small, *tiny]
    assert BENCHMARK.run(["--json", str(results), *words]) == 0
    names = [row["name"] for row in json.loads(results.read_text(encoding="utf-8"))["rows"]]
    assert "3 jobs of 0.5 s on Ray, 2 at once: overhead a job" in names
    assert {"batch 8: speed", "threads 2: a step", "store of 12 runs: list"} <= set(names)
