"""Commands of a stage that trains nothing, in a real tracking store."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import command
from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.tracking.store import Store, connect

Stage = Callable[[Settings, Job], None]
Answer = tuple[int, str, str]
CallTrain = Callable[..., Answer]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return connect(family="acgan", experiment="mnist", root=tmp_path_factory.mktemp("a project"))


@pytest.fixture
def call_train(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CallTrain:
    """Calls a stage as `python -m MODULE` calls its own, `pipeline.train`; returns status, output and errors."""
    for variable in ("PIPELINE_ROOT", "PIPELINE_MODULE", "HYDRA_FULL_ERROR"):
        monkeypatch.setenv(variable, "")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(paths, "STORE_ROOT", Path(store.uri.removeprefix("sqlite:///")).parent)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)

    def called(stage: Stage, *overrides: str, module: str = "pipeline.train") -> Answer:
        monkeypatch.setattr(sys, "argv", [module, *overrides])
        status = 0
        try:
            command.run(module, stage)
        except SystemExit as end:
            status = int(end.code or 0)
        return (status, *capsys.readouterr())

    return called
