import shutil
from pathlib import Path

import pytest

from pipeline.settings import paths
from pipeline.tracking.store import Store, connect


@pytest.fixture(autouse=True)
def no_other_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def root(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    shutil.copy(migrated, folder)
    monkeypatch.setattr(paths, "STORE_ROOT", folder)
    return folder


@pytest.fixture
def store(root: Path) -> Store:
    return connect(family="acgan", experiment="digits", root=root)
