import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.measuring.commands import Timed
from benchmarks.measuring.errors import BenchmarkError
from benchmarks.trainings import records
from benchmarks.trainings.recipes import MODULE, Planned, plan
from benchmarks.trainings.records import Record, train_missing
from pipeline.runs.folder import claim

BEGAN = 1_000_000.0


class Trainings:
    """Stands for the command: leaves what a training leaves, and counts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seeds: list[str] = []
        self.status = 0

    def __call__(self, command: Sequence[str], *, folder: Path) -> Timed:
        assert folder == self.root
        overrides = command[3:]
        seed = next(word for word in overrides if word.startswith("seed="))
        self.seeds.append(seed)
        with claim(self.root / "runs" / "acgan", seed) as run:
            run.update_metadata(command=" ".join(["python", "-m", MODULE, *overrides]))
            if not self.status:
                for step, seconds in ((3, 20.0), (6, 30.5)):
                    keep_report(run.models / "reports" / f"step-{step:07d}", BEGAN + seconds)
                run.update_metadata(steps=6)
                run.end("finished")
        return Timed(BEGAN, seconds=40.0, processor_seconds=70.0, status=self.status)


def keep_report(folder: Path, stamp: float) -> None:
    folder.mkdir(parents=True)
    for number, network in enumerate(("discriminator", "generator")):
        (folder / f"{network}.keras").touch()
        os.utime(folder / f"{network}.keras", (stamp - number, stamp - number))


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    fake = Trainings(tmp_path)
    monkeypatch.setattr(records, "STORE_ROOT", tmp_path)
    monkeypatch.setattr(records, "run_timed", fake)
    return fake


PLANNED = plan(("default",), (0, 1))


def trained(root: Path, planned: Sequence[Planned] = PLANNED, *, reuse: bool = False) -> list[Record]:
    return train_missing(planned, folder=root / "records", reuse=reuse, say=lambda _line: None)


def test_a_record_tells_when_each_report_was_done(trainings: Trainings) -> None:
    record = trained(trainings.root)[0]
    assert record.reports == {3: 20.0, 6: 30.5}
    assert (record.steps, record.seconds, record.processor_seconds) == (6, 40.0, 70.0)
    assert record.began == "1970-01-12T13:46:40+00:00"
    assert record.folder == "runs/acgan/seed=0-1"


def test_what_is_trained_is_not_trained_again(trainings: Trainings) -> None:
    first = trained(trainings.root, PLANNED[:1])
    both = trained(trainings.root)
    assert trainings.seeds == ["seed=0", "seed=1"]
    assert both[0] == first[0]


def test_a_failed_training_ends_the_benchmark_and_leaves_the_records_before_it(trainings: Trainings) -> None:
    trained(trainings.root, PLANNED[:1])
    trainings.status = 2
    with pytest.raises(BenchmarkError, match="status 0. Received: 2 of python -m pipeline.train seed=1"):
        trained(trainings.root)
    trainings.status = 0
    trained(trainings.root)
    assert trainings.seeds == ["seed=0", "seed=1", "seed=1"]


def test_an_interrupted_training_is_begun_anew_in_another_folder(trainings: Trainings) -> None:
    trainings.status = 143
    with pytest.raises(BenchmarkError):
        trained(trainings.root)
    trainings.status = 0
    assert trained(trainings.root)[0].folder == "runs/acgan/seed=0-2"


def test_other_code_trains_again_unless_its_runs_are_asked_for(
    trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(trainings.root)
    monkeypatch.setattr(records, "code_digest", lambda: "other code")
    trained(trainings.root, reuse=True)
    assert len(trainings.seeds) == 2
    assert {record.code for record in trained(trainings.root)} == {"other code"}
    assert len(trainings.seeds) == 4


def test_a_run_whose_weights_are_gone_is_trained_again(trainings: Trainings) -> None:
    (trainings.root / trained(trainings.root)[0].folder / "models/reports/step-0000006/generator.keras").unlink()
    trained(trainings.root)
    assert trainings.seeds == ["seed=0", "seed=1", "seed=0"]


def test_a_line_is_said_before_each_training_and_tells_what_is_taken_from_before(trainings: Trainings) -> None:
    lines: list[str] = []
    trained(trainings.root, PLANNED[:1])
    train_missing(PLANNED, folder=trainings.root / "records", reuse=False, say=lines.append)
    assert lines == [
        "training 1 of 2: default, seed 0: trained already, 1970-01-12T13:46:40+00:00",
        f"training 2 of 2: default, seed 1: {PLANNED[1].command}",
    ]
