"""The command that frees what deleted runs keep."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from mlflow.entities import LoggedModel
from mlflow.exceptions import MlflowException

from pipeline.tracking.errors import TrackingError
from pipeline.tracking.garbage import free_deleted
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store, connect
from tests.projects import Finished, Project

pytestmark = pytest.mark.slow
SIZE = 1_000_000


def tracked(store: Store, name: str) -> str:
    """A finished run with an artifact and a model, and returns its id."""
    with Run(store, RunDescription(name=name), system_metrics=False) as run:
        run.text("x" * SIZE, "pictures/a.txt")
    model: LoggedModel = store.client.create_logged_model(store.experiment_id, name="a", source_run_id=run.run_id)
    folder = Path(__file__).parent / "faults"
    store.client.log_model_artifacts(model.model_id, str(folder))
    store.client.finalize_logged_model(model.model_id, "READY")
    return run.run_id


def served(store: Store) -> tuple[str, set[Path]]:
    """A run whose model a version of a registered model serves, and the model's files."""
    run_id = tracked(store, "served")
    (model,) = store.client.search_logged_models([store.experiment_id], f"source_run_id = '{run_id}'")
    store.client.create_registered_model("digits-generator")
    place = model.artifact_location
    store.client.create_model_version("digits-generator", place, run_id=run_id, model_id=model.model_id)
    return run_id, files(Path(unquote(place.removeprefix("file://"))))


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Pruned:
    """A store with a run that stays, and deleted ones: one that `mlflow gc` has freed, one whose model is served.

    Attributes:
        kept: The files of the run that stays, and of the model that is served.
        before: All files of artifacts before the command.
        answer: The command.
    """

    project: Project
    store: Store
    stays: str
    gone: tuple[str, ...]
    kept: set[Path]
    before: set[Path]
    answer: Finished


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Pruned:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        project = Project.copied_to(tmp_path_factory.mktemp("pruned") / "a project", mnist_file)
        artifacts = project.root / "mlartifacts"
        store = connect(family="acgan", experiment="mnist", root=project.root)
        other = connect(family="vae", experiment="mnist", root=project.root)
        stays = tracked(store, "stays")
        kept = files(artifacts)
        freed, deleted, dropped = tracked(store, "freed"), tracked(store, "deleted"), tracked(other, "dropped")
        store.client.delete_run(freed)
        where = ("--backend-store-uri", store.uri, "--tracking-uri", store.uri)
        subprocess.run([sys.executable, "-m", "mlflow", "gc", *where], check=True, capture_output=True)
        store.client.delete_run(deleted)
        store.client.delete_experiment(other.experiment_id)
        champion, serving = served(store)
        store.client.delete_run(champion)
        before = files(artifacts)
        answer = project.start("python", "-m", "pipeline.prune").finish()
    return Pruned(project, store, stays, (freed, deleted, dropped, champion), kept | serving, before, answer)


def test_the_command_says_what_was_freed(pruned: Pruned) -> None:
    assert (pruned.answer.returncode, pruned.answer.stderr) == (0, "")
    assert pruned.answer.stdout == "deleted runs freed: 3, models: 3\n"


def test_artifacts_and_models_of_deleted_runs_are_gone_and_the_others_stay(pruned: Pruned) -> None:
    assert len(pruned.before) > len(pruned.kept)
    assert files(pruned.project.root / "mlartifacts") == pruned.kept
    assert pruned.store.knows(pruned.stays)
    for run_id in pruned.gone:
        with pytest.raises(MlflowException, match="not found"):
            pruned.store.client.get_run(run_id)
    models = pruned.store.client.search_logged_models([pruned.store.experiment_id])
    assert {model.source_run_id for model in models} == {pruned.stays, pruned.gone[-1]}


def test_a_server_is_refused_in_one_line(pruned: Pruned) -> None:
    remote = Store(pruned.store.client, "http://127.0.0.1:5000", "mnist-acgan", "1")
    with pytest.raises(TrackingError, match="must be a database: .* Received: http://127.0.0.1:5000"):
        free_deleted(remote)
