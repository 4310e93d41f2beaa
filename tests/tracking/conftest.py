import shutil
from pathlib import Path

import pytest

from pipeline.settings import paths
from pipeline.tracking.store import Store, connect


@pytest.fixture(autouse=True)
def no_other_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose tables are made; making them takes seconds, copying them none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        root = tmp_path_factory.mktemp("migrated")
        connect(family="acgan", experiment="digits", root=root)
    return root / "mlflow.db"


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
