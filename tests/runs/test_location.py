"""Where evaluate and render find a training, and what they say where there is none."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.runs.folder import NotTrainedError, write_metadata
from pipeline.runs.location import find_run
from tests.composing import settings_of


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "acgan" / "a-1"


def metadata(*overrides: str) -> dict[str, Any]:
    return {"steps": 6, "run_id": "f" * 32, "settings": settings_of(*overrides).of_training()}


def test_a_run_by_hand_is_read_and_reported_on_in_its_own_folder(run: Path) -> None:
    write_metadata(run / "models", metadata("acgan.steps=600", "seed=4"))
    place = find_run(settings_of(f"run={run}", "evaluate.batch_size=10"))
    assert (place.models, place.reports) == (run / "models", run / "reports")
    assert (place.settings.seed, place.settings.model.steps, place.settings.evaluate.batch_size) == (4, 600, 10)


def test_what_a_smoke_test_trained_stays_labelled(run: Path) -> None:
    write_metadata(run / "models", metadata("+debug=smoke"))
    assert find_run(settings_of(f"run={run}")).settings.label == "smoke"


@pytest.mark.parametrize(("stage", "reports"), [(None, "runs/acgan/tracked"), ("evaluate@acgan", "reports/acgan")])
def test_only_dvcs_stages_write_what_dvc_tracks(
    stage: str | None, reports: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.runs.location.ROOT", tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    if stage:
        monkeypatch.setenv("DVC_STAGE", stage)
    write_metadata(tmp_path / "models" / "acgan", metadata())
    place = find_run(settings_of())
    assert (place.models, place.reports) == (tmp_path / "models" / "acgan", tmp_path / reports)


def test_a_folder_without_a_training_is_refused(run: Path) -> None:
    with pytest.raises(NotTrainedError, match="must hold a finished training"):
        find_run(settings_of(f"run={run}"))


def test_an_interrupted_training_is_refused(run: Path) -> None:
    write_metadata(run / "models", {name: value for name, value in metadata().items() if name != "steps"})
    with pytest.raises(NotTrainedError, match="must hold a finished training"):
        find_run(settings_of(f"run={run}"))


def test_a_training_of_another_family_is_refused(run: Path) -> None:
    write_metadata(run / "models", {**metadata(), "settings": {"seed": 0, "label": None, "vae": {}}})
    with pytest.raises(NotTrainedError, match="must hold a training of acgan: choose its model=FAMILY"):
        find_run(settings_of(f"run={run}"))


def test_a_training_of_another_version_is_refused_in_one_line(run: Path) -> None:
    content = metadata()
    del content["settings"]["acgan"]["adam"]
    write_metadata(run / "models", content)
    with pytest.raises(NotTrainedError, match="was trained by another version: train again") as refused:
        find_run(settings_of(f"run={run}"))
    assert "\n" not in str(refused.value)
