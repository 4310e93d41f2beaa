"""Files and settings made to do harm: nothing of theirs runs, nothing is written elsewhere, and one line says so."""

import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import yaml

from pipeline.composition.weights import read as read_weights
from pipeline.data.dataset_file import KERAS_NAMES, read
from pipeline.runs.samples import read_samples
from pipeline.settings.composed import validate
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.paths import ROOT
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import connect
from pipeline.training.checkpoints import CheckpointError, load_parts, load_state
from pipeline.training.history import read_history
from tests.composing import CHOICES

pytestmark = pytest.mark.slow


class Harm:
    """A pickle that makes a folder where it is read."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.target),)


def harmful(target: Path) -> Any:
    objects: Any = np.empty(1, object)
    objects[0] = Harm(target)
    return objects


def harmful_archive(path: Path, target: Path, *names: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez(file, **dict.fromkeys(names, harmful(target)))
    return path


def write_layers(folder: Path, target: Path) -> Path:
    harmful_archive(folder / "0-dense.npz", target, "kernel")
    index = '[{"layer": "dense", "file": "0-dense.npz", "weights": ["kernel"]}]'
    (folder / "index.json").write_text(index, encoding="utf-8")
    return folder


def write_samples(folder: Path, target: Path) -> Path:
    np.save(folder / "step-0000001.npy", harmful(target))
    return folder


READERS: dict[str, Callable[[Path, Path], object]] = {
    "state": lambda folder, target: load_state(harmful_archive(folder / "a.npz", target, "history", "w"), {}),
    "history": lambda folder, target: read_history(harmful_archive(folder / "a.npz", target, "history")),
    "data": lambda folder, target: read(harmful_archive(folder / "a.npz", target, *KERAS_NAMES)),
    "layers": lambda folder, target: read_weights(write_layers(folder, target)),
    "samples": lambda folder, target: read_samples(write_samples(folder, target)),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_an_array_file_with_a_pickle_is_refused_in_one_line_and_the_pickle_is_not_read(
    reader: Callable[[Path, Path], object], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    target = tmp_path / "harm"
    with pytest.raises(PipelineError) as refusal:
        reader(tmp_path / "folder", target)
    assert "\n" not in str(refusal.value)
    assert not target.exists()


def test_a_model_with_code_of_its_own_is_refused_in_one_line_and_the_code_does_not_run(tmp_path: Path) -> None:
    target = str(tmp_path / "harm")
    image = keras.Input((1,))
    code = lambda tensor: (__import__("pathlib").Path(target).write_text("harm"), tensor)[1]  # noqa: E731
    harm = keras.layers.Lambda(code, output_shape=(1,))
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "generator.keras"
    keras.Model(image, harm(image)).save(file)
    keras.models.load_model(file, safe_mode=False)(np.zeros((1, 1), np.float32))
    Path(target).unlink()
    with pytest.raises(CheckpointError, match=r"generator\.keras is a damaged model") as refusal:
        load_parts(tmp_path / "models")
    assert "\n" not in str(refusal.value)
    assert not Path(target).exists()


@pytest.mark.filterwarnings("ignore:Skipping invalid path")
def test_a_model_whose_archive_points_outside_writes_nothing_there(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "models"
    folder.mkdir(parents=True)
    keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(folder / "generator.keras")
    with zipfile.ZipFile(folder / "generator.keras", "a") as archive:
        for name in ("../../harm", "assets/../../../harm", "/tmp/harm-of-a-model"):
            archive.writestr(name, b"harm")
    before = sorted(tmp_path.rglob("*"))
    with suppress(CheckpointError):
        load_parts(folder)
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/harm-of-a-model").exists()


@pytest.mark.parametrize("place", [(), ("acgan",), ("acgan", "generator"), ("data",), ("tracking",)], ids=".".join)
def test_a_target_to_be_called_in_a_configuration_is_refused_by_its_address(place: tuple[str, ...]) -> None:
    content = {**yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")), **CHOICES}
    block = content
    for name in place:
        block = block[name]
    block["_target_"] = "os.system"
    with pytest.raises(SettingsError) as refusal:
        validate(content)
    assert str(refusal.value).startswith(f"`{'.'.join((*place, '_target_'))}` is not a setting")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("path", ["../../harm.txt", "a/../../harm.txt", "/harm.txt"])
def test_an_artifact_path_that_leads_outside_is_refused_in_one_line(
    path: str, migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(migrated, tmp_path)
    store = connect(family="acgan", experiment="digits", root=tmp_path)
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        with pytest.raises(TrackingError) as refusal:
            run.text("harm", path)
        assert "\n" not in str(refusal.value)
    assert not list(tmp_path.rglob("harm.txt"))
    assert not Path("/harm.txt").exists()
