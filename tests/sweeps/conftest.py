"""Commands of a stage that trains nothing, in a real tracking store."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.settings import paths
from pipeline.tracking.store import Store, connect
from tests.commands import Stage, call_command

Answer = tuple[int, str, str]
CallTrain = Callable[..., Answer]


@pytest.fixture(scope="module")
def store(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("a project")
    shutil.copy(migrated, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return connect(family="acgan", experiment="mnist", root=root)


@pytest.fixture
def call_train(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CallTrain:
    """Calls a stage as `python -m MODULE` calls its own, `pipeline.train`; returns status, output and errors."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(paths, "STORE_ROOT", Path(store.uri.removeprefix("sqlite:///")).parent)

    def called(stage: Stage, *overrides: str, module: str = "pipeline.train") -> Answer:
        return (call_command(stage, *overrides, module=module), *capsys.readouterr())

    return called
