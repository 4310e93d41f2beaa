"""Tracking stores that cannot be used, and the project's own under other names, as commands meet them."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.settings.paths import ROOT
from pipeline.tracking.store import connect
from tests.cli.test_command import WITHOUT_TENSORFLOW
from tests.faults.warm import WarmProject
from tests.patience import wait_for
from tests.projects import Finished, Project

pytestmark = pytest.mark.slow
LONG = pytest.mark.long

ONLY_MLFLOW = WITHOUT_TENSORFLOW.replace(', "mlflow"', "")


def called(*words: str, uri: str) -> Finished:
    """A command that cannot import TensorFlow, where `MLFLOW_TRACKING_URI` names a store."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": uri}
    command = [sys.executable, "-c", ONLY_MLFLOW, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words",
    [
        ("pipeline.train", "+debug=smoke"),
        pytest.param(("pipeline.train", "-m", "seed=0,1"), marks=LONG),
        pytest.param(("pipeline.judge", "+debug=smoke"), marks=LONG),
    ],
)
def test_a_store_whose_driver_is_missing_is_refused_in_one_line_before_tensorflow_is_imported(
    words: tuple[str, ...], mnist_file: Path
) -> None:
    answer = called(*words, f"data.path={mnist_file}", uri="mssql://me:secret@127.0.0.1/runs")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == (
        "error: the tracking store (`MLFLOW_TRACKING_URI`) needs the module `pyodbc`: install it with "
        "`pip install pyodbc`. Received: mssql://me:***@127.0.0.1/runs\n"
    )


@LONG
@pytest.mark.parametrize("uri", ["sqlite:///mlflow.db", "sqlite:///../{name}/./mlflow.db"])
def test_the_projects_own_store_however_it_is_spelt_keeps_its_artifacts(
    uri: str, tmp_path: Path, mnist_file: Path
) -> None:
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    extra = {"MLFLOW_TRACKING_URI": uri.format(name=project.root.name)}
    command = (sys.executable, "-m", "pipeline.train", "model=autoencoder", "+debug=smoke", "autoencoder.steps=1")
    answer = project.start(*command, extra=extra).finish()
    assert (answer.returncode, answer.stderr) == (0, "")
    assert not (project.root / "mlruns").exists()
    assert list((project.root / "mlartifacts" / "mnist-autoencoder").rglob("losses"))


# A user other than root, for whom a file can be read-only; what is imported may be root's alone.
CONNECT = """
import os, sys
from pathlib import Path
from pipeline.settings.errors import PipelineError
from pipeline.tracking.store import connect
beside, root = map(Path, sys.argv[1:])
connect(family="acgan", experiment="digits", root=beside)
if os.getuid() == 0:
    os.setgid(54321)
    os.setuid(54321)
try:
    connect(family="acgan", experiment="digits", root=root)
except PipelineError as error:
    sys.exit(f"error: {error}")
"""


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that another user than root can go into, which pytest's are not."""
    with tempfile.TemporaryDirectory() as folder:
        (root := Path(folder) / "a project").mkdir()
        Path(folder).chmod(0o755)
        yield root


@pytest.mark.parametrize("read_only", ["mlflow.db", pytest.param(".", marks=LONG)])
def test_a_store_that_cannot_be_written_is_one_line_with_a_command_that_mends_it(
    read_only: str, shared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    connect(family="acgan", experiment="digits", root=shared_folder)
    shutil.copytree(shared_folder, beside := tmp_path / "beside")
    if os.getuid() == 0:
        for path in (shared_folder, *shared_folder.rglob("*")):
            os.chown(path, 54321, 54321)
    (shared_folder / read_only).chmod(0o555)
    command = [sys.executable, "-c", CONNECT, str(beside), str(shared_folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def answer() -> Finished:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    refused = answer()
    assert refused.returncode == 1
    assert re.fullmatch(r"error: `.*mlflow\.db` must be an SQLite file that can be written.*\n", refused.stderr)
    subprocess.run(re.findall(r"`(chmod [^`]*)`", refused.stderr)[0], shell=True, check=True, cwd="/")
    mended = answer()
    assert (mended.returncode, mended.stderr) == (0, "")


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_run_deleted_in_mid_training_is_one_line_and_its_files_stay_to_be_resumed(
    tmp_path: Path, mnist_file: Path
) -> None:
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    words = ("model=autoencoder", "+debug=smoke", "tracking.system_metrics=false", "autoencoder.steps=8")
    client = project.client

    def deleted_at(warm: WarmProject, step: int, *, freed: bool) -> Finished:
        started = warm.train(*words, fault=f"WAIT@{step}")
        wait_for((project.root / "waiting").exists, seconds=600)
        run_id = project.tracked("training", family="autoencoder")[-1].info.run_id
        client().delete_run(run_id)
        if freed:
            uri = client().tracking_uri
            gc = ["mlflow", "gc", "--backend-store-uri", uri, "--tracking-uri", uri]
            subprocess.run(gc, env=project.environment(), check=True)
        (project.root / "go").touch()
        answer = started.finish()
        for name in ("waiting", "go"):
            (project.root / name).unlink()
        assert answer.returncode == 2
        (line,) = answer.stderr.splitlines()
        assert line.startswith(f"error: the run {run_id} was deleted from the tracking store while it was written to: ")
        return answer

    with WarmProject(project) as warm:
        deleted = deleted_at(warm, 3, freed=False)
        (command,) = re.findall(r"`(.*)`", deleted.stderr)
        subprocess.run(command, shell=True, check=True, env=project.environment(), cwd="/")
        freed = deleted_at(warm, 5, freed=True)
        assert "resuming the interrupted training" in freed.stdout
        finished = warm.train(*words).finish()
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "resuming the interrupted training" in finished.stdout
    (run,) = project.tracked("training", family="autoencoder")
    assert run.info.status == "FINISHED"
    keys = [key for key in run.data.metrics if key.startswith("train/")]
    assert keys
    for key in keys:
        points = project.client().get_metric_history(run.info.run_id, key)
        assert sorted(point.step for point in points) == list(range(1, 9))
