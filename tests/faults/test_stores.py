"""Tracking stores that cannot be used, and the project's own under other names, as commands meet them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings.paths import ROOT
from tests.cli.test_command import WITHOUT_TENSORFLOW
from tests.projects import Finished, Project

ONLY_MLFLOW = WITHOUT_TENSORFLOW.replace(', "mlflow"', "")


def called(*words: str, uri: str) -> Finished:
    """A command that cannot import TensorFlow, where `MLFLOW_TRACKING_URI` names a store."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": uri}
    command = [sys.executable, "-c", ONLY_MLFLOW, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words",
    [("pipeline.train", "+debug=smoke"), ("pipeline.train", "-m", "seed=0,1"), ("pipeline.judge", "+debug=smoke")],
)
def test_a_store_whose_driver_is_missing_is_refused_in_one_line_before_tensorflow_is_imported(
    words: tuple[str, ...],
) -> None:
    answer = called(*words, uri="mssql://me:secret@127.0.0.1/runs")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == (
        "error: the tracking store (`MLFLOW_TRACKING_URI`) needs the module `pyodbc`: install it with "
        "`pip install pyodbc`. Received: mssql://me:***@127.0.0.1/runs\n"
    )


@pytest.mark.slow
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
