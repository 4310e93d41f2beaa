"""A training that is named by its run in MLflow or by a registered model."""

import shutil
from pathlib import Path

import pytest

from pipeline.runs.folder import LAYOUT, RunFolder
from pipeline.runs.lookup import find_stored_files
from pipeline.settings import paths
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store, connect
from tests.composing import settings_of

pytestmark = pytest.mark.slow


@pytest.fixture
def store(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(migrated, tmp_path)
    for root in ("ROOT", "STORE_ROOT"):
        monkeypatch.setattr(paths, root, tmp_path)
    return connect(family="acgan", experiment="mnist", root=tmp_path)


def tracked(store: Store) -> str:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        return run.run_id


def test_a_text_that_names_no_run_is_left_to_folders(store: Store) -> None:
    for text in ("runs/acgan/a-1", "f" * 31, "F" * 32):
        assert find_stored_files(text, settings_of()) is None


def test_a_run_of_this_project_is_read_where_it_lies(store: Store, tmp_path: Path) -> None:
    run_id = tracked(store)
    folder, other = (RunFolder(tmp_path / "runs" / "acgan" / name) for name in ("a-2", "a-1"))
    other.update_metadata(layout=LAYOUT, steps=6, run_id="e" * 32)
    folder.update_metadata(layout=LAYOUT, steps=6, run_id=run_id)
    found = find_stored_files(run_id, settings_of())
    assert found is not None
    assert found.models == folder.models


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("0" * 32, "`run` must be a run of this tracking store. Received: " + "0" * 32),
        ("models:/nothing@champion", "must be a registered model .* models:/nothing@champion .*name=nothing not found"),
        ("models:/nothing/3", "must be a registered model of this tracking store. Received: models:/nothing/3 "),
        ("models:/own@champion", "must be a registered model of this tracking store. Received: models:/own@champion "),
        ("models:/own/1", "must be a model that a run logged. Received: models:/own/1, which came from no run"),
        ("models:/nothing", "`run` must be models:/NAME@ALIAS or models:/NAME/VERSION. Received: models:/nothing"),
    ],
)
def test_what_the_store_does_not_know_is_one_line(address: str, reason: str, store: Store) -> None:
    store.client.create_registered_model("own")
    store.client.create_model_version("own", str(paths.ROOT))
    with pytest.raises(TrackingError, match=reason) as refused:
        find_stored_files(address, settings_of())
    assert "\n" not in str(refused.value)


def test_a_run_that_logged_no_models_is_refused_and_leaves_no_folder_of_a_training(store: Store) -> None:
    run_id = tracked(store)
    for _ in range(2):
        with pytest.raises(TrackingError, match="`run` must be a finished training. Received: .*, which logged no"):
            find_stored_files(run_id, settings_of())
