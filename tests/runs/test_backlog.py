"""Sending what trainings left in their folders, into a store of this machine in the place of a server."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

from pipeline.data.files import write_text
from pipeline.runs import backlog
from pipeline.runs.backlog import find_unsent, send_unsent
from pipeline.runs.folder import RunFolder
from pipeline.settings import paths
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.job import Job
from pipeline.settings.stages import TrackingSettings
from pipeline.sync import sync
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.runs import RunDescription
from pipeline.tracking.spool import Spool
from pipeline.tracking.spooled_runs import open_run
from pipeline.tracking.store import connect
from tests.composing import settings_of

OFFLINE = TrackingSettings(
    experiment="mnist", losses_every=1, early_samples=(), checkpoint_seconds=50, system_metrics=False, offline=True
)


@pytest.fixture
def folder(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """The folder of a training that was offline."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(migrated, tmp_path)
    monkeypatch.setattr(paths, "STORE_ROOT", tmp_path)
    made = RunFolder(tmp_path / "runs" / "vae" / "0123-1")
    described = RunDescription(name="a")
    with open_run(described, family="vae", settings=OFFLINE, spool=made.spool) as run:
        made.update_metadata(run_id=run.run_id, introduced=run.run_id)
    return made


def test_a_run_gets_its_id_in_the_store_when_it_is_sent(
    folder: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = folder.metadata()["run_id"]
    assert [one.path for one in find_unsent(None)] == [folder.path]
    send_unsent(folder)
    store = connect(family="vae", experiment="mnist", root=tmp_path)
    (found,) = store.client.search_runs([store.experiment_id])
    assert folder.metadata() == {"run_id": found.info.run_id, "introduced": found.info.run_id}
    assert own not in (found.info.run_id, None)
    assert f"sent as the run {found.info.run_id}" in capsys.readouterr().out
    assert find_unsent(None) == []


def test_a_run_has_its_id_in_the_store_even_where_that_goes_away_right_after_it_was_sent(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_store: object) -> None:
        raise TrackingError("the server is away")

    monkeypatch.setattr(backlog, "close_abandoned", gone)
    with pytest.raises(TrackingError):
        send_unsent(folder)
    store = connect(family="vae", experiment="mnist", root=tmp_path)
    (found,) = store.client.search_runs([store.experiment_id])
    assert folder.metadata()["run_id"] == found.info.run_id


def test_one_run_that_cannot_be_sent_does_not_keep_the_others(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("0000-1", "0001-1"):
        strange = Spool(tmp_path / "runs" / "vae" / name / "spool")
        strange.begin("f" * 32, family="vae", experiment="mnist")
        strange.append("delete_tag", {"run_id": "f" * 32, "key": "a"})
    with pytest.raises(PipelineError, match="^2 of 3 runs could not be sent$"):
        sync(settings_of(), Job("pipeline.sync", ()))
    shown = capsys.readouterr()
    assert [line.count("is for a run that is not in this tracking store") for line in shown.err.splitlines()] == [1, 1]
    assert "0000-1" in shown.err
    assert "0001-1" in shown.err
    assert "0123-1: sent as the run" in shown.out.replace("\n", "")
    assert not folder.spool.exists()


def test_a_run_that_the_store_refuses_is_counted_and_does_not_keep_the_others(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = RunFolder(tmp_path / "runs" / "vae" / "0001-1")
    with open_run(RunDescription(name="b"), family="vae", settings=OFFLINE, spool=other.spool):
        pass
    made = MlflowClient.create_run

    def refuse_first(client: MlflowClient, *given: Any, **named: Any) -> Any:
        if named["run_name"] == "b":
            raise MlflowException("Permission denied", PERMISSION_DENIED)
        return made(client, *given, **named)

    monkeypatch.setattr(MlflowClient, "create_run", refuse_first)
    with pytest.raises(PipelineError, match="^1 of 2 runs could not be sent$"):
        sync(settings_of(), Job("pipeline.sync", ()))
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert re.search(r"0001-1 is refused: .* Permission denied", shown.err)
    assert (other.spool.exists(), folder.spool.exists()) == (True, False)


def test_a_run_whose_metadata_are_damaged_does_not_keep_the_others(
    folder: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = RunFolder(tmp_path / "runs" / "vae" / "0001-1")
    with open_run(RunDescription(name="b"), family="vae", settings=OFFLINE, spool=other.spool):
        pass
    write_text('{"run_id": ', other.metadata_file)
    with pytest.raises(PipelineError, match="^1 of 2 runs could not be sent$"):
        sync(settings_of(), Job("pipeline.sync", ()))
    assert re.fullmatch(r"error: .*0001-1.*run\.json is damaged: .*\n", capsys.readouterr().err)
    assert (other.spool.exists(), folder.spool.exists()) == (True, False)


def _lose_copies(other: RunFolder, _root: Path) -> None:
    shutil.rmtree(other.spool / "files")


def _delete_experiment(_other: RunFolder, root: Path) -> None:
    store = connect(family="acgan", experiment="mnist", root=root)
    store.client.delete_experiment(store.experiment_id)


def _block_lock(other: RunFolder, _root: Path) -> None:
    other.path.with_name(f".{other.path.name}.lock").mkdir()


@pytest.mark.parametrize(
    ("befall", "named"),
    [
        (_lose_copies, r"acgan/0001-1/spool/files/.*/a\.txt is missing"),
        (_delete_experiment, "mlflow experiments restore"),
        (_block_lock, "acgan/0001-1 cannot be locked"),
    ],
)
def test_what_befalls_one_run_alone_does_not_keep_the_others(
    befall: Callable[[RunFolder, Path], None],
    named: str,
    folder: RunFolder,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = RunFolder(tmp_path / "runs" / "acgan" / "0001-1")
    with open_run(RunDescription(name="b"), family="acgan", settings=OFFLINE, spool=other.spool) as run:
        run.text("a text", "a.txt")
    befall(other, tmp_path)
    with pytest.raises(PipelineError, match="^1 of 2 runs could not be sent$"):
        sync(settings_of(), Job("pipeline.sync", ()))
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert re.search(named, shown.err)
    assert (other.spool.exists(), folder.spool.exists()) == (True, False)


def test_a_store_that_goes_away_ends_the_sending(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise MlflowException("connection refused")

    monkeypatch.setattr(MlflowClient, "create_run", away)
    with pytest.raises(TrackingError, match="must answer and accept"):
        sync(settings_of(), Job("pipeline.sync", ()))
    assert folder.spool.exists()


def test_a_spool_is_kept_where_another_store_is_named(folder: RunFolder, tmp_path: Path) -> None:
    spool = Spool(folder.spool)
    spool.begin("f" * 32, family="vae", experiment="mnist")
    spool.append("delete_tag", {"run_id": "f" * 32, "key": "a"})
    with pytest.raises(TrackingError, match=r"is not in this tracking store: name its own.*mlflow\.db"):
        send_unsent(folder)
    assert [call.name for call in Spool(folder.spool).waiting()] == ["delete_tag"]


def test_a_training_under_way_sends_its_own(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    with FileLock(folder.path.with_name(f".{folder.path.name}.lock")):
        send_unsent(folder)
    assert "in use by a training" in capsys.readouterr().out
    assert folder.spool.exists()


def test_a_folder_with_nothing_to_send_is_one_line(folder: RunFolder, tmp_path: Path) -> None:
    assert [one.path for one in find_unsent(folder.path)] == [folder.path]
    with pytest.raises(SettingsError, match="must be a run's folder that has a `spool`"):
        find_unsent(tmp_path)


def test_a_path_that_is_too_long_is_one_line() -> None:
    with pytest.raises(PipelineError, match="cannot be used: File name too long"):
        find_unsent(Path("a" * 300))


def test_what_a_stage_of_dvc_has_not_sent_outlives_its_folder(folder: RunFolder, tmp_path: Path) -> None:
    folder.losses.mkdir(parents=True)
    folder.publish(RunFolder(tmp_path / "published"))
    assert (tmp_path / "published" / "models" / "run.json").exists()
    assert not folder.models.exists()
    send_unsent(folder)
    assert not folder.spool.exists()
