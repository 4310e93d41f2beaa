"""Tests of the folders that trainings write to."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.data.files import UNFINISHED, LockedError, locked
from pipeline.runs.folder import NotTrainedError, RunFiles, RunFolder, claim, find_files
from pipeline.settings.paths import ROOT

DIGEST = "0123456789abcdef" * 4


def _claimed(parent: Path, digest: str = DIGEST) -> str:
    with claim(parent, digest) as folder:
        return folder.path.name


def test_a_new_training_gets_a_new_folder_named_by_its_digest(tmp_path: Path) -> None:
    with claim(tmp_path / "runs" / "acgan", DIGEST) as folder:
        assert folder.path == tmp_path / "runs" / "acgan" / "0123456789ab-1"
        assert folder.path.is_dir()
        assert folder.metadata() == {}


def test_an_interrupted_training_is_found_again(tmp_path: Path) -> None:
    with claim(tmp_path, DIGEST) as folder:
        folder.checkpoint.write_bytes(b"state")
    with claim(tmp_path, DIGEST) as again:
        assert again.path == folder.path
        assert again.checkpoint.read_bytes() == b"state"


def test_a_training_that_fails_leaves_its_folder_to_be_found(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="killed"), claim(tmp_path, DIGEST):
        raise RuntimeError("killed")
    assert _claimed(tmp_path) == "0123456789ab-1"


def test_a_finished_training_is_never_resumed(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        with claim(tmp_path, DIGEST) as folder:
            assert folder.path.name == f"0123456789ab-{number}"
            folder.checkpoint.write_bytes(b"state")
            folder.previous_checkpoint.write_bytes(b"former")
            folder.end("finished")
        assert folder.ended()
        assert [file.name for file in folder.path.iterdir()] == ["ended"]


def test_an_earlier_interrupted_training_is_resumed_before_a_later_one(tmp_path: Path) -> None:
    with claim(tmp_path, DIGEST), claim(tmp_path, DIGEST) as second:
        assert second.path.name == "0123456789ab-2"
    assert _claimed(tmp_path) == "0123456789ab-1"


def test_another_digest_gets_another_folder(tmp_path: Path) -> None:
    assert _claimed(tmp_path, "f" * 64) == "ffffffffffff-1"
    assert _claimed(tmp_path) == "0123456789ab-1"


def test_a_folder_that_another_process_trains_in_is_skipped(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pipeline.runs.folder import claim\n"
        f"with claim(Path(sys.argv[1]), {DIGEST!r}) as folder:\n"
        "    sys.stdout.write(folder.path.name + chr(10)); sys.stdout.flush(); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "0123456789ab-1\n"
        assert _claimed(tmp_path) == "0123456789ab-2"
        other.kill()
    assert _claimed(tmp_path) == "0123456789ab-1"


def test_a_lock_that_the_training_itself_cannot_take_is_its_own_failure(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    with locked(other), pytest.raises(LockedError), claim(tmp_path, DIGEST), locked(other):
        pass


def test_files_that_a_killed_training_left_half_written_are_removed(tmp_path: Path) -> None:
    with claim(tmp_path, DIGEST) as folder:
        folder.models.mkdir()
    half = [folder.path / f".checkpoint.1{UNFINISHED}.npz", folder.models / f".run.1{UNFINISHED}.json"]
    for file in half:
        file.touch()
    with claim(tmp_path, DIGEST):
        assert not any(file.exists() for file in half)


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
