"""The stage in one process, on a few hundred images, with its own store and folders."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest
from mlflow.entities import Run

from pipeline import judge
from pipeline.data.files import locked
from pipeline.data.keys import Key
from pipeline.judging import folder as judges
from pipeline.judging import run as judging
from pipeline.judging.calibration import Calibration
from pipeline.runs.backlog import send_unsent
from pipeline.runs.folder import RunFolder
from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.tracking import first_answer
from pipeline.tracking.pages import runs_where
from pipeline.tracking.store import connect
from tests.composing import settings_of
from tests.tracking.servers import free_port

JOB = Job("pipeline.judge", ("+debug=smoke",))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Called:
    """A project in a folder of its own; the judge that a command by hand found, twice.

    Attributes:
        root: The folder.
        first: What was found where there was no judge.
        second: What was found then.
    """

    root: Path
    first: Calibration
    second: Calibration

    @property
    def folders(self) -> list[Path]:
        return [path for path in (self.root / "runs" / "judges").iterdir() if path.is_dir()]

    def runs(self) -> list[Run]:
        store = connect(family="judge", experiment="mnist", root=self.root)
        return list(runs_where(store, "attributes.status = 'FINISHED'"))


def settings(mnist_file: Path, *overrides: str) -> Settings:
    return settings_of(
        "+debug=smoke", "tracking.system_metrics=false", f"data.path='{mnist_file.as_posix()}'", *overrides
    )


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Iterator[Called]:
    root = tmp_path_factory.mktemp("a project")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "DVC_STAGE"):
            patch.delenv(name, raising=False)
        for name in ("ROOT", "STORE_ROOT"):
            patch.setattr(paths, name, root)
        chosen = settings(mnist_file)
        yield Called(root, judging.ensure_judge(chosen, JOB), judging.ensure_judge(chosen, JOB))


def test_a_judge_is_trained_once_and_found_again(called: Called) -> None:
    assert called.first.digest == called.second.digest
    assert len(called.folders) == len(called.runs()) == 1


def test_a_judge_is_tracked_with_its_accuracy_and_references(called: Called) -> None:
    (run,) = called.runs()
    assert (run.data.tags["kind"], run.data.tags["family"], run.data.tags["label"]) == ("judge", "judge", "smoke")
    assert run.data.tags["judge.digest"] == called.first.digest
    assert run.data.params["judge.epochs"] == "5"
    reference = called.first.report_references[Key("coverage")]
    assert run.data.metrics["accuracy/test"] == pytest.approx(called.first.accuracy, rel=1e-11)
    assert run.data.metrics["reference/report/coverage"] == pytest.approx(reference, rel=1e-11)
    assert run.data.metrics["train/loss"] > 0


def test_its_metrics_are_its_accuracy_and_its_references_lie_beside_it(called: Called) -> None:
    (folder,) = called.folders
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics.keys() == {"accuracy"}
    assert metrics["accuracy"].keys() == {"validation", "test"}
    assert metrics["accuracy"]["test"] == called.first.accuracy
    references = json.loads((folder / "references.json").read_text(encoding="utf-8"))["evaluation"]
    assert references["frechet_digit_distance"] == called.first.references[Key("frechet_digit_distance")]
    assert references["accuracy_by_digit/mean"] == called.first.references[Key("accuracy", digit="mean")]


class Console:
    """Keeps what is printed, and sets an event when something is."""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.event = Event()

    def print(self, text: str) -> None:
        self.printed.append(text)
        self.event.set()


def test_a_command_waits_for_another_that_trains_the_same_judge(
    called: Called, mnist_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console, held, (folder,) = Console(), Event(), called.folders
    monkeypatch.setattr(judges, "make_console", lambda: console)
    (folder / "judge.json").rename(called.root / "aside.json")

    def finish_when_another_waits() -> None:
        with locked(folder):
            held.set()
            console.event.wait(60)
            (called.root / "aside.json").rename(folder / "judge.json")

    other = Thread(target=finish_when_another_waits)
    other.start()
    held.wait(60)
    assert judging.ensure_judge(settings(mnist_file), JOB).digest == called.first.digest
    other.join()
    assert console.printed == ["waiting for another command that trains the same judge"]


def test_a_stage_of_dvc_copies_the_trained_judge_and_reads_what_dvc_tracks_alone(
    called: Called, mnist_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ROOT", called.root / "copy")
    monkeypatch.setenv("DVC_STAGE", "evaluate@acgan")
    with pytest.raises(judging.OtherJudgeError, match="models/judge must be the judge of .*`dvc repro judge`"):
        judging.ensure_tracked_judge(settings(mnist_file), JOB)
    monkeypatch.setenv("DVC_STAGE", "judge")
    judge.judge(settings(mnist_file), JOB)
    assert len(called.folders) == len(called.runs()) == 1
    tracked = called.root / "copy" / "models" / "judge"
    for file in tracked.iterdir():
        assert file.read_bytes() == (called.folders[0] / file.name).read_bytes(), file.name
    monkeypatch.setenv("DVC_STAGE", "evaluate@acgan")
    assert judging.ensure_tracked_judge(settings(mnist_file), JOB).digest == called.first.digest
    elsewhere = {**json.loads((tracked / "judge.json").read_text(encoding="utf-8")), "digest": "of another machine"}
    (tracked / "judge.json").write_text(json.dumps(elsewhere), encoding="utf-8")
    metrics = called.root / "copy" / "reports" / "judge" / "metrics.json"
    metrics.unlink()
    judge.judge(settings(mnist_file), JOB)
    assert metrics.read_bytes() == (tracked / "metrics.json").read_bytes()
    assert judging.ensure_tracked_judge(settings(mnist_file), JOB).digest == "of another machine"
    with pytest.raises(judging.OtherJudgeError):
        judging.ensure_tracked_judge(settings(mnist_file, "judge.images=101"), JOB)
    monkeypatch.delenv("DVC_STAGE")
    assert judging.ensure_tracked_judge(settings(mnist_file, "label=null"), JOB).digest == "of another machine"


def test_a_judge_on_demand_is_missing_until_it_is_asked(called: Called, mnist_file: Path) -> None:
    found = judging.JudgeOnDemand(settings(mnist_file), JOB)
    assert not found.is_missing
    assert found.calibration() is found.calibration()
    other = judging.JudgeOnDemand(settings(mnist_file, "judge.seed=8", "judge.epochs=1"), JOB)
    assert other.is_missing
    assert other.calibration().digest != called.first.digest
    assert not other.is_missing


def test_where_the_server_has_gone_away_a_judge_is_tracked_offline_and_sent_later(
    called: Called, mnist_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(first_answer, "_PATIENCE_SECONDS", 0.0)
    before = set(called.folders)
    asked = settings(mnist_file, "judge.seed=9", "judge.epochs=1")
    judging.ensure_judge(asked, JOB)
    (folder,) = set(called.folders) - before
    assert "the judge is tracked offline: " in capsys.readouterr().out
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    send_unsent(RunFolder(folder))
    assert not (folder / "spool").exists()
    assert [run.data.tags["seed"] for run in called.runs()].count("9") == 1
