"""Both orders of the pages and the training, with the real `mlflow ui`, and a tracking server of its own."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.keys import Key
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import connect
from pipeline.training.history import Point
from tests.tracking.servers import LIMIT_SECONDS, await_health, free_port, stop

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

POINTS = 200
WRITER = f"""
import sys
from pathlib import Path
from pipeline.data.keys import Key
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import connect
from pipeline.training.history import Point
store = connect(family="acgan", experiment="digits", root=Path(sys.argv[1]))
with Run(store, RunDescription(name="a"), system_metrics=False) as run:
    for step in range({POINTS}):
        run.log([Point(Key.parse("train/loss"), float(step), step)])
        if step % 10 == 0:
            run.flush()
"""


@contextmanager
def mlflow_pages(folder: Path, *options: str) -> Iterator[str]:
    """Runs `mlflow ui` in `folder`, as a person would, and gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "ui", "--port", str(port), "--workers", "1", *options]
    with (folder / "ui.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={**os.environ, "CI": "true"})
    try:
        await_health(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(server)


def ask(address: str, path: str, question: dict[str, object]) -> dict[str, list[dict[str, dict[str, str]]]]:
    request = urllib.request.Request(
        f"{address}/api/2.0/mlflow/{path}", json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: dict[str, list[dict[str, dict[str, str]]]] = json.load(answer)
    return content


def train(root: Path, family: str = "acgan") -> Run:
    store = connect(family=family, experiment="digits", root=root)
    with Run(store, RunDescription(name="a run"), system_metrics=False) as run:
        run.log([Point(Key.parse("train/loss"), 0.5, 1)])
        run.text("made by the pipeline", "note.txt")
        run.picture("samples", np.zeros((28, 28), np.uint8), 1)
    return run


def assert_shown(address: str, run: Run) -> None:
    (found,) = ask(address, "runs/search", {"experiment_ids": [run.store.experiment_id]})["runs"]
    assert found["info"]["run_id"] == run.run_id
    query = f"get-artifact?path=note.txt&run_uuid={run.run_id}"
    with urllib.request.urlopen(f"{address}/{query}", timeout=30) as answer:
        assert answer.read() == b"made by the pipeline"


def test_runs_show_when_the_pages_came_first(tmp_path: Path) -> None:
    with mlflow_pages(tmp_path) as address:
        assert_shown(address, train(tmp_path))
    assert (tmp_path / "mlartifacts" / "digits-acgan").is_dir()


def test_earlier_runs_show_and_new_ones_go_to_the_server_that_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, project = train(root), root.with_name("another project")
    project.mkdir()
    with mlflow_pages(root) as address:
        assert_shown(address, before)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        run = train(project, family="vae")
        assert_shown(address, run)
        assert run.store.client.get_run(run.run_id).info.artifact_uri.startswith("mlflow-artifacts:/")
    assert list(project.iterdir()) == []


def test_four_processes_and_the_pages_on_a_fresh_store_lose_no_point(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    with mlflow_pages(tmp_path) as address:
        ends = [(writer.communicate(timeout=LIMIT_SECONDS)[1], writer.returncode) for writer in writers]
        assert [status for _, status in ends] == [0] * 4
        assert not any("locked" in error or "Error" in error for error, _ in ends), ends
        experiments = ask(address, "experiments/search", {"max_results": 9})["experiments"]
    store = connect(family="acgan", experiment="digits", root=tmp_path)
    assert {str(each["name"]) for each in experiments} == {"Default", store.experiment}
    runs = store.client.search_runs([store.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * 4
    for run in runs:
        points = store.client.get_metric_history(run.info.run_id, "train/loss")
        assert sorted((point.step, point.value) for point in points) == [(step, step) for step in range(POINTS)]
    assert "locked" not in (tmp_path / "ui.log").read_text(encoding="utf-8")
