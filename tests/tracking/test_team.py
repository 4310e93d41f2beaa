"""`make team-server` on a PostgreSQL of its own, and a sweep of an ordinary user."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.keras import load_model
from PIL import Image

from pipeline.settings.paths import ROOT
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.store import connect
from tests.patience import wait_for
from tests.projects import PLAIN, Finished, Project
from tests.tracking.servers import Process, await_health, free_port, stop

JOBS, STEPS = 8, 4
SWEEP = (
    *("-m", "model=autoencoder", "+debug=smoke", f"autoencoder.steps={STEPS}", "autoencoder.report_every=2"),
    *("compute.jobs=2", f"seed={','.join(map(str, range(JOBS)))}"),
)
ADMIN, USER = ("admin", "a long password of the admin"), ("ada", "a long password of a user")
NAMED = {
    "MLFLOW_BACKEND_STORE_URI": "postgresql://a:se@b/c",
    "MLFLOW_ARTIFACTS_DESTINATION": "artifacts",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret text",
}
SECRETS = {"MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1], "MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret text"}


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, which Debian keeps off the PATH."""
    found = shutil.which("initdb")
    return (
        Path(found).resolve().parent if found else next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)
    )


@contextmanager
def postgresql() -> Iterator[str]:
    """Runs PostgreSQL on loopback, as a user other than root, and gives the address of a database."""
    place = programs()
    if place is None:
        pytest.skip("PostgreSQL is not installed: on Debian or Ubuntu install the package postgresql")
    pytest.importorskip("psycopg", reason="psycopg is not installed: make pins, then make setup-dev")
    root = os.getuid() == 0
    user: dict[str, Any] = {"user": "nobody", "extra_groups": []} if root else {}
    password, port = "se%cret", free_port()
    # The folders of tests are closed to others than who runs them.
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "password").write_text(password)
        for path in (folder, folder / "password") if root else ():
            shutil.chown(path, "nobody")
        options = ("--auth=scram-sha-256", "--username=mlflow", f"--pwfile={folder / 'password'}")
        made = [str(place / "initdb"), "-D", str(folder / "data"), *options]
        subprocess.run(made, cwd="/", capture_output=True, check=True, **user)
        command = [str(place / "postgres"), "-D", str(folder / "data"), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
        server = subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **user)
        try:
            await_database(place, port)
            yield f"postgresql://mlflow:{password.replace('%', '%25')}@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(timeout=60)


def await_database(programs: Path, port: int) -> None:
    ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    wait_for(lambda: subprocess.run(ready, check=False).returncode == 0)


def team_server(environment: dict[str, str], *, root: Path = ROOT, **streams: Any) -> Process:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen([root / "team" / "server"], env={**own, "PATH": path, **environment}, **streams)


@dataclass(frozen=True)
class Story:
    """A sweep of an ordinary user.

    Attributes:
        address: The server's.
        project: Where its user works.
        answer: The sweep.
        log: What the server printed.
        jobs: The runs of its jobs.
    """

    address: str
    project: Project
    answer: Finished
    log: str
    jobs: list[Run]

    def call(self, module: str, *overrides: str) -> Finished:
        """A command of the ordinary user."""
        return self.project.start(sys.executable, "-m", module, *overrides, extra=own(self.address)).finish()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Iterator[Story]:
    place = tmp_path_factory.mktemp("team")
    project = Project.copied_to(place / "a project", mnist_file)
    shutil.copytree(ROOT / "team", project.root / "team")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with postgresql() as database, (place / "server.log").open("wb") as log:
        store = {"MLFLOW_BACKEND_STORE_URI": database, "MLFLOW_ARTIFACTS_DESTINATION": str(place / "artifacts")}
        server = team_server({**store, **SECRETS, "MLFLOW_PORT": str(port)}, root=project.root, stdout=log, stderr=log)
        try:
            await_health(address, server)
            made = {"username": USER[0], "password": USER[1]}
            requests.post(
                f"{address}/api/2.0/mlflow/users/create", json=made, auth=ADMIN, timeout=60
            ).raise_for_status()
            command = (sys.executable, "-m", "pipeline.train", *SWEEP)
            answer = project.start(*command, extra=own(address)).finish()
            with signed_in(*USER):
                yield Story(address, project, answer, (place / "server.log").read_text(), jobs_of(address))
        finally:
            stop(server)


def own(address: str) -> dict[str, str]:
    """The variables of the ordinary user."""
    name, password = USER
    return {
        "MLFLOW_TRACKING_URI": address,
        "MLFLOW_TRACKING_USERNAME": name,
        "MLFLOW_TRACKING_PASSWORD": password,
    }


@contextmanager
def signed_in(name: str, password: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_USERNAME", name)
        patch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        yield


def jobs_of(address: str) -> list[Run]:
    client = MlflowClient(address)
    experiment = client.get_experiment_by_name("mnist-autoencoder")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], "tags.kind = 'training'"))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_sweep_of_an_ordinary_user_finishes_without_an_error_of_locks(story: Story) -> None:
    assert story.answer.returncode == 0, story.answer.stderr
    assert [run.info.status for run in story.jobs] == ["FINISHED"] * JOBS
    assert {run.data.params["seed"] for run in story.jobs} == set(map(str, range(JOBS)))
    for word in ("deadlock", "locked", "Traceback", "could not serialize"):
        assert word not in story.log


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_each_point_of_each_job_is_there_once(story: Story) -> None:
    client = MlflowClient(story.address)
    for run in story.jobs:
        points = {key: client.get_metric_history(run.info.run_id, key) for key in run.data.metrics}
        steps = {key: sorted(point.step for point in found) for key, found in points.items()}
        assert steps["train/objective"] == list(range(1, STEPS + 1))
        assert all(len(set(found)) == len(found) for found in steps.values())


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_pictures_and_models_load_back(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", story.address)
    client = MlflowClient(story.address)
    for run in story.jobs:
        folder = Path(client.download_artifacts(run.info.run_id, "pictures/samples", str(tmp_path)))
        pictures = sorted(folder.glob("*.png"))
        assert len(pictures) == 3
        with Image.open(pictures[-1]) as picture:
            assert np.asarray(picture).std() > 0
    for half in ("encoder", "decoder"):
        model = load_model(f"runs:/{story.jobs[0].info.run_id}/{half}")
        rows = {one.name: np.zeros((2, *one.shape[1:]), np.float32) for one in model.inputs}
        assert np.isfinite(model.predict(rows, verbose=0)).all()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_an_ordinary_user_makes_the_first_promotion_under_the_name_that_signs_in(story: Story) -> None:
    assert story.call("pipeline.train", *PLAIN, "tracking.system_metrics=false").returncode == 0
    (folder,) = story.project.folders()
    answer = story.call("pipeline.promote", f"run={folder}", "force=true")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "digits-generator, version 1: champion" in answer.stdout
    version = MlflowClient(story.address).get_model_version_by_alias("digits-generator", "champion")
    assert (version.tags["trained.by"], version.tags["promoted.by"]) == (USER[0], USER[0])


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_database_that_refuses_is_one_line_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgresql() as database:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", database.replace("mlflow:", "mlflow:another-"))
        with pytest.raises(TrackingError, match="password authentication failed") as refusal:
            connect(family="acgan", experiment="digits", root=tmp_path)
    assert not re.search("cret|\n", str(refusal.value))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_nobody_without_a_password_reads_anything(story: Story) -> None:
    with signed_in(USER[0], "another long password"), pytest.raises(MlflowException, match="401|not authenticated"):
        jobs_of(story.address)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "MLFLOW_BACKEND_STORE_URI must name a PostgreSQL database"),
        ({"MLFLOW_BACKEND_STORE_URI": "sqlite:///mlflow.db"}, "Received: sqlite"),
        ({"MLFLOW_BACKEND_STORE_URI": "postgresql://a:se@b/c"}, "MLFLOW_ARTIFACTS_DESTINATION must be the folder"),
        ({**NAMED, "MLFLOW_AUTH_ADMIN_PASSWORD": "too short"}, "MLFLOW_AUTH_ADMIN_PASSWORD must be a password of 12"),
        (NAMED, "MLFLOW_AUTH_ADMIN_PASSWORD must be a password of 12"),
    ],
)
def test_what_is_missing_is_one_line_without_the_password(given: dict[str, str], expected: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "team", tmp_path / "team")
    process = team_server(given, root=tmp_path, stderr=subprocess.PIPE)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert (expected in error.decode(), error.count(b"\n"), b"se@" in error) == (True, 1, False)
