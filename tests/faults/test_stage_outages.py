"""An evaluation and a rendering whose tracking server goes away in the middle."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.faults.test_outages import await_file, complaints, end, folders, remove_marks
from tests.projects import DRIVER, Finished, Project, metadata_of
from tests.tracking.servers import Server

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

MODEL = ("model=autoencoder", "+debug=smoke")
TRAINING = (*MODEL, "autoencoder.steps=8", "tracking.system_metrics=false")
WAITS = {
    "evaluate": "WAIT@pipeline.runs.evaluation:evaluate_run:1",
    "render": "WAIT@pipeline.runs.pictures:draw_run:1",
}


def cut_off(project: Project, server: Server, stage: str, *words: str) -> Finished:
    """Runs a stage whose server is stopped once its run is open."""
    extra = {"MLFLOW_TRACKING_URI": server.address, "PYTHONPATH": str(project.root)}
    with ExitStack() as ends:
        command = (sys.executable, str(DRIVER), WAITS[stage], f"pipeline.{stage}", *words)
        started = project.start(*command, extra=extra)
        ends.callback(end, started)
        await_file(project.root / "waiting")
        server.stop()
        (project.root / "go").touch()
        answer = started.finish()
        ends.pop_all()
    remove_marks(project)
    server.start()
    return answer


def test_what_they_log_while_it_is_away_costs_nothing_and_is_sent_later(
    migrated: Path, tmp_path: Path, mnist_file: Path
) -> None:
    server = Server(tmp_path, migrated)
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    extra = {"MLFLOW_TRACKING_URI": server.address}
    with server:
        assert project.train(*TRAINING, extra=extra).finish().returncode == 0
        (folder,) = folders(project)
        words = (*MODEL, f"run={folder.relative_to(project.root).as_posix()}")
        for stage in WAITS:
            answer = cut_off(project, server, stage, *words)
            assert (answer.returncode, complaints(answer)) == (0, [])
            assert f"Send them with `python -m pipeline.sync run=runs/stages/{stage}-" in answer.stdout
        sent = project.start(sys.executable, "-m", "pipeline.sync", extra=extra).finish()
        client = MlflowClient(server.address)
        training = client.get_run(metadata_of(folder / "models")["run_id"])
        runs = client.search_runs([training.info.experiment_id])
    assert (sent.returncode, sent.stderr, sent.stdout.count(": sent as the run ")) == (0, "", 2)
    assert list((project.root / "runs" / "stages").iterdir()) == []
    assert (folder / "reports" / "metrics.json").exists()
    assert (folder / "reports" / "index.html").exists()
    stages = {run.data.tags["kind"]: run for run in runs if run.info.run_id != training.info.run_id}
    assert {kind: run.info.status for kind, run in stages.items()} == {"evaluate": "FINISHED", "render": "FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in stages.values()} == {training.info.run_id}
    losses = {f"trained/{key}": value for key, value in stages["evaluate"].data.metrics.items() if "test" in key}
    assert losses
    assert losses.items() <= training.data.metrics.items()
