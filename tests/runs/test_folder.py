"""Tests of the folders that trainings write to."""

from pathlib import Path

import pytest

from pipeline.runs.folder import NotTrainedError, RunFiles, RunFolder, find_files


def test_metadata_are_added_to_those_before(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.update_metadata(run_id="a", steps=1)
    run.update_metadata(steps=2)
    assert run.metadata() == {"run_id": "a", "steps": 2}
    assert [file.name for file in run.models.iterdir()] == ["run.json"]


def _refuse_to_link(*_: object) -> None:
    raise OSError("this file system knows one name a file")


@pytest.mark.parametrize("links", [True, False], ids=["by links", "by copies"])
def test_published_outputs_replace_those_before_and_the_folder_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    run = RunFolder(tmp_path / "run")
    for file in (run.models / "last" / "generator.keras", run.models / "state.npz", run.reports / "losses" / "a.csv"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("new", encoding="utf-8")
    models, reports, cached = tmp_path / "models", tmp_path / "reports", tmp_path / "cached"
    for file in (models / "last" / "generator.keras", cached, reports / "metrics.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("old", encoding="utf-8")
    (models / "state.npz").hardlink_to(cached)
    made = (run.models / "state.npz").stat().st_ino
    if not links:
        monkeypatch.setattr("os.link", _refuse_to_link)
    run.publish(RunFiles(models, reports))
    assert ((models / "state.npz").stat().st_ino == made) == links
    assert not run.path.exists()
    left = {
        file.relative_to(tmp_path).as_posix(): file.read_text(encoding="utf-8")
        for file in tmp_path.rglob("*")
        if file.is_file()
    }
    assert left == {
        "cached": "old",
        "models/last/generator.keras": "new",
        "models/state.npz": "new",
        "reports/losses/a.csv": "new",
        "reports/metrics.json": "old",
    }


def test_metadata_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.update_metadata(steps=1)
    with pytest.raises(TypeError):
        run.update_metadata(steps=object())
    assert run.metadata() == {"steps": 1}


def test_damaged_metadata_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"steps": 1,\n', encoding="utf-8")
    with pytest.raises(NotTrainedError, match=r"run\.json is damaged") as refusal:
        RunFiles(tmp_path, tmp_path).metadata()
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith(f"Restore it, as by `dvc checkout`, or delete {tmp_path} and train anew")


def test_the_models_of_a_finished_training_are_found_by_its_folder_or_their_own(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.update_metadata(run_id="a")
    with pytest.raises(NotTrainedError, match="must hold a finished training"):
        find_files(run.path)
    run.update_metadata(run_id="a", steps=10)
    assert [find_files(path).models for path in (run.path, run.models)] == [run.models, run.models]


def test_the_best_weights_that_a_checkpoint_knows_are_kept_until_the_end(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for step in (250, 500, 750):
        folder.best_checkpoint(step).touch()
    folder.keep_best_checkpoints(500, 750)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["best-0000500.npz", "best-0000750.npz"]
    folder.keep_best_checkpoints(None, 750)
    assert [file.name for file in tmp_path.iterdir()] == ["best-0000750.npz"]
    folder.end("finished")
    assert [file.name for file in tmp_path.iterdir()] == ["ended"]
