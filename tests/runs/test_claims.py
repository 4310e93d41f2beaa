"""Tests of who may work in the folder of a training."""

import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.data.files import UNFINISHED, LockedError, locked
from pipeline.runs import claims
from pipeline.runs.claims import claim, sending
from pipeline.runs.folder import RunFolder
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
        "import sys; from pathlib import Path; from pipeline.runs.claims import claim\n"
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


def test_a_folder_whose_spool_is_being_sent_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with claim(tmp_path, DIGEST) as interrupted:
        interrupted.checkpoint.write_bytes(b"state")
    held, sent, said = threading.Event(), threading.Event(), list[str]()

    def say(text: str, **_: object) -> None:
        said.append(text)
        sent.set()

    def send() -> None:
        with sending(RunFolder(interrupted.path)):
            held.set()
            sent.wait(60)

    sender = threading.Thread(target=send)
    sender.start()
    assert held.wait(60)
    monkeypatch.setattr(claims, "make_console", lambda: SimpleNamespace(print=say))
    with claim(tmp_path, DIGEST) as folder:
        assert folder.path == interrupted.path
    sender.join()
    assert [text.partition(": ")[2] for text in said] == [claims.SENT]
