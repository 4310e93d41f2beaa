"""The example notebook runs from its first cell to its last on a trained model."""

import json
from pathlib import Path
from typing import Any

import keras
import matplotlib
import numpy as np
import pytest

from pipeline.composition import weights
from pipeline.settings.paths import ROOT
from pipeline.training.checkpoints import save_parts
from tests.training.tiny import small_training

NOTEBOOK: dict[str, Any] = json.loads((ROOT / "examples" / "digits.ipynb").read_text(encoding="utf-8"))
CELLS: list[dict[str, Any]] = NOTEBOOK["cells"]
KEYS = {"markdown": {"cell_type", "id", "metadata", "source"}}
KEYS["code"] = KEYS["markdown"] | {"execution_count", "outputs"}


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder inside a project that has a tiny AC-GAN, saved as a training saves it."""
    models = tmp_path / "models" / "acgan"
    parts = small_training().parts()
    save_parts(models / "last", parts)
    for name in ("generator", "discriminator"):
        weights.write(weights.coefficients(parts[name]), models / "layers" / name)
    (tmp_path / "examples").mkdir()
    return tmp_path / "examples"


def test_the_notebook_has_the_form_of_nbformat_4_5() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    assert NOTEBOOK.keys() == {"cells", "metadata", "nbformat", "nbformat_minor"}
    for cell in CELLS:
        assert cell.keys() == KEYS[cell["cell_type"]]
        assert all(isinstance(line, str) for line in cell["source"])
    identifiers = [cell["id"] for cell in CELLS]
    assert len(set(identifiers)) == len(identifiers)


def test_the_notebook_is_committed_without_outputs() -> None:
    for cell in CELLS:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
def test_every_cell_runs_in_order_and_shows_what_it_says(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    matplotlib.use("Agg")
    names: dict[str, Any] = {}
    for cell in CELLS:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"digits.ipynb {cell['id']}", "exec"), names)
    assert names["images"].shape == (50, 28, 28, 1)
    assert np.abs(names["images"]).max() <= 1
    assert names["same"]
    assert names["sheet"].shape == (5 * 28, 10 * 28)
    assert len(names["plt"].get_fignums()) == 2
    names["plt"].close("all")
    combined = names["combined"]
    assert isinstance(combined, keras.Model)
    assert combined.count_params() == names["generator"].count_params() + names["discriminator"].count_params()
    assert 0 <= names["share"] <= 1
