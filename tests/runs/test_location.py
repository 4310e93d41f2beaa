"""Where evaluate and render find a training, and what they say where there is none."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.data.digests import file_digest
from pipeline.runs.folder import LAYOUT, NotTrainedError, RunFiles, RunFolder
from pipeline.runs.location import find_run, find_start
from pipeline.settings import paths
from pipeline.settings.errors import PipelineError
from pipeline.settings.images import ImageFormat
from tests.composing import settings_of


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "acgan" / "a-1")


def metadata(*overrides: str) -> dict[str, Any]:
    return {"layout": LAYOUT, "steps": 6, "run_id": "f" * 32, "settings": settings_of(*overrides).of_training()}


def test_a_run_by_hand_is_read_and_reported_on_in_its_own_folder(run: RunFolder) -> None:
    run.update_metadata(**metadata("acgan.steps=600", "seed=4"))
    location = find_run(settings_of(f"run={run.path}", "evaluate.batch_size=10"))
    assert (location.files.models, location.files.reports) == (run.models, run.reports)
    chosen = location.settings
    assert (chosen.seed, chosen.model.steps, chosen.evaluate.batch_size) == (4, 600, 10)


def test_what_a_smoke_test_trained_stays_labelled(run: RunFolder) -> None:
    run.update_metadata(**metadata("+debug=smoke"))
    assert find_run(settings_of(f"run={run.path}")).settings.label == "smoke"


@pytest.mark.parametrize(("stage", "reports"), [(None, "runs/acgan/tracked"), ("evaluate@acgan", "reports/acgan")])
def test_only_dvcs_stages_write_what_dvc_tracks(
    stage: str | None, reports: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    if stage:
        monkeypatch.setenv("DVC_STAGE", stage)
    tracked = RunFiles(tmp_path / "models" / "acgan", tmp_path / reports)
    tracked.update_metadata(**metadata())
    location = find_run(settings_of())
    assert (location.files.models, location.files.reports) == (tracked.models, tracked.reports)


def test_the_tracked_models_are_reported_on_outside_of_them_by_their_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    monkeypatch.chdir(tmp_path)
    tracked = RunFiles(tmp_path / "models" / "acgan", tmp_path / "runs" / "acgan" / "tracked")
    tracked.update_metadata(**metadata())
    for run in ("models/acgan", tracked.models.as_posix()):
        location = find_run(settings_of(f"run={run}"))
        assert (location.files.models, location.files.reports) == (tracked.models, tracked.reports)


def test_the_judge_is_that_of_the_training_and_its_samples_are_as_large_as_asked(run: RunFolder) -> None:
    run.update_metadata(**metadata("judge.epochs=20", "judge.filters=[8,8,8]", "judge.images=500"))
    judge = find_run(settings_of(f"run={run.path}", "judge.images=300")).settings.judge
    assert (judge.epochs, judge.filters, judge.images) == (20, (8, 8, 8), 300)


def test_data_that_have_changed_since_the_training_are_refused(run: RunFolder, tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    file.write_bytes(b"first")
    path = f"data.path='{file.as_posix()}'"
    trained = metadata("data.name=mine")
    format = ImageFormat.model_validate(trained["settings"]["images"])
    run.update_metadata(**trained, data=file_digest(file))
    location = find_run(settings_of(f"run={run.path}", path))
    location.check_data(format)
    noted = file_digest(file)
    file.write_bytes(b"other")
    reason = f"was trained on mine with SHA-256 {noted[:12]}…: fetch that again, or train on this. Received: "
    with pytest.raises(NotTrainedError, match=re.escape(reason)) as refused:
        location.check_data(format)
    assert str(refused.value).endswith(f"mine.npz with {file_digest(file)[:12]}…")


def test_a_copy_from_the_tracking_store_has_no_curves(run: RunFolder) -> None:
    run.update_metadata(**metadata())
    with pytest.raises(NotTrainedError, match=r"is a copy from the tracking store and has models alone, .* run=FOLDER"):
        find_run(settings_of(f"run={run.path}")).require_whole()


def test_a_folder_without_a_training_is_refused(run: RunFolder) -> None:
    with pytest.raises(NotTrainedError, match="must hold a finished training"):
        find_run(settings_of(f"run={run.path}"))


def test_an_interrupted_training_is_refused(run: RunFolder) -> None:
    run.update_metadata(**{name: value for name, value in metadata().items() if name != "steps"})
    with pytest.raises(NotTrainedError, match="must hold a finished training"):
        find_run(settings_of(f"run={run.path}"))


@pytest.mark.parametrize("setting", ["run", "start_from"])
def test_a_path_that_is_too_long_is_one_line(setting: str) -> None:
    chosen = settings_of(f"{setting}={'a' * 300}")
    with pytest.raises(PipelineError, match="cannot be used: File name too long"):
        find_run(chosen) if setting == "run" else find_start(chosen)


def test_a_training_of_another_family_is_refused(run: RunFolder) -> None:
    run.update_metadata(**metadata() | {"settings": {"seed": 0, "label": None, "vae": {}}})
    with pytest.raises(NotTrainedError, match="must hold a training of acgan: choose its model=FAMILY"):
        find_run(settings_of(f"run={run.path}"))


@pytest.mark.parametrize(
    "damaged", ["[]", "3", '{"steps": 6, "settings": null}', '{"steps": null}', '{"steps": 6, "best_step": "a"}']
)
def test_a_file_of_json_that_describes_no_training_is_damaged(damaged: str, run: RunFolder) -> None:
    run.models.mkdir(parents=True)
    run.metadata_file.write_text(damaged, encoding="utf-8")
    with pytest.raises(NotTrainedError, match=r"run\.json is damaged: "):
        find_run(settings_of(f"run={run.path}"))


EARLIER = r"was trained by an earlier version of this project: train again \(`mlflow ui` still shows its run\)$"


@pytest.mark.parametrize("block", ["acgan", "compute", "data"])
def test_settings_of_an_earlier_version_are_refused_in_one_line(block: str, run: RunFolder) -> None:
    content = metadata()
    content["settings"][block] = {} if block != "data" else 3
    if block == "compute":
        del content["settings"][block]
    run.update_metadata(**content)
    with pytest.raises(NotTrainedError, match=EARLIER) as refused:
        find_run(settings_of(f"run={run.path}"))
    assert "\n" not in str(refused.value)


def test_a_run_of_an_earlier_layout_is_neither_read_nor_started_from(run: RunFolder) -> None:
    run.update_metadata(**{name: value for name, value in metadata().items() if name != "layout"})
    with pytest.raises(NotTrainedError, match=EARLIER):
        find_run(settings_of(f"run={run.path}"))
    with pytest.raises(NotTrainedError, match=EARLIER):
        find_start(settings_of(f"start_from={run.path}"))
