"""Files that are written whole or not at all, and locks."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from filelock import FileLock, Timeout

from pipeline.data.files import (
    UNFINISHED,
    LockedError,
    WriteError,
    copy_files,
    lock_with_children,
    locked,
    remove_unfinished,
    replacing,
    replacing_folder,
    write_bytes,
    write_json,
    write_text,
)
from pipeline.settings.paths import ROOT


def dvc(*words: str, folder: Path) -> None:
    command = (sys.executable, "-m", "dvc", *words)
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize("link", ["symlink", "hardlink"])
def test_a_copy_of_what_dvc_links_from_its_cache_can_be_written_again(link: str, tmp_path: Path) -> None:
    dvc("init", "--quiet", "--no-scm", folder=tmp_path)
    dvc("config", "cache.type", link, folder=tmp_path)
    cached, copied = tmp_path / "cached", tmp_path / "copied"
    write_text("a sample", cached / "samples" / "step-1.npy")
    dvc("add", "--quiet", "cached", folder=tmp_path)
    linked = cached / "samples" / "step-1.npy"
    assert linked.is_symlink() == (link == "symlink")
    assert not linked.stat().st_mode & 0o222
    for _ in range(2):
        copy_files(cached, copied)
    (file,) = (path for path in copied.rglob("*") if path.is_file())
    assert file == copied / "samples" / "step-1.npy"
    assert (file.is_symlink(), file.stat().st_mode & 0o200, file.stat().st_nlink) == (False, 0o200, 1)
    assert file.read_text(encoding="utf-8") == linked.read_text(encoding="utf-8")


def test_nothing_is_copied_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    copy_files(tmp_path / "none", tmp_path / "copied")
    assert not (tmp_path / "copied").exists()


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """A file, alone in its folder."""
    path = tmp_path / "picture.png"
    write_bytes(b"former", path)
    return path


def test_a_file_is_made_with_its_folders_and_keeps_its_line_ends(tmp_path: Path) -> None:
    write_text("é\r\n\n", tmp_path / "a" / "b" / "text.csv")
    write_json({"é": [1]}, tmp_path / "a" / "content.json")
    assert (tmp_path / "a" / "b" / "text.csv").read_bytes() == b"\xc3\xa9\r\n\n"
    assert (tmp_path / "a" / "content.json").read_bytes() == b'{\n  "\\u00e9": [\n    1\n  ]\n}\n'


def test_what_is_being_written_is_hidden_has_the_suffix_and_replaces_the_former_at_the_end(former: Path) -> None:
    with replacing(former) as aside:
        aside.write_bytes(b"new")
        assert (aside.name[0], aside.suffix, aside.parent) == (".", ".png", former.parent)
        assert former.read_bytes() == b"former"
    assert former.read_bytes() == b"new"
    assert list(former.parent.iterdir()) == [former]


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_so_is_the_name(
    former: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, int]] = []
    sync, rename = os.fsync, os.replace

    def note_sync(descriptor: int) -> None:
        done.append(("sync", os.fstat(descriptor).st_ino))
        sync(descriptor)

    def note_rename(source: Path, target: Path) -> None:
        done.append(("rename", source.stat().st_ino))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_rename)
    write_bytes(b"new", former)
    file, folder = (path.stat().st_ino for path in (former, former.parent))
    assert done == [("sync", file), ("rename", file), ("sync", folder)]


def fail_halfway(path: Path, error: type[BaseException]) -> None:
    with replacing(path) as aside:
        aside.write_bytes(b"half")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_the_former_file_and_nothing_beside_it(
    error: type[BaseException], former: Path
) -> None:
    with pytest.raises(error):
        fail_halfway(former, error)
    assert former.read_bytes() == b"former"
    assert list(former.parent.iterdir()) == [former]


def test_a_full_disk_is_one_line_that_names_the_file(former: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"picture\.png cannot be written: No space left on device$"):
        write_bytes(b"new", former)
    assert former.read_bytes() == b"former"
    assert list(former.parent.iterdir()) == [former]


@pytest.mark.parametrize("former", ["former", None])
def test_a_folder_is_replaced_by_a_whole_one_with_nothing_beside_it(former: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "pictures"
    if former:
        write_text(former, folder / "former.png")
    with replacing_folder(folder) as aside:
        write_text("new", aside / "new.png")
        assert folder.exists() == bool(former)
    assert [path.name for path in folder.iterdir()] == ["new.png"]
    assert list(folder.parent.iterdir()) == [folder]


def test_what_a_killed_process_left_beside_a_folder_is_removed_by_the_next_and_by_no_other_at_once(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "pictures [1]"
    code = (
        "import os, sys, pathlib; from pipeline.data.files import replacing_folder\n"
        "with replacing_folder(pathlib.Path(sys.argv[1])) as aside: (aside / 'half').touch(); os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, check=False).returncode == 9
    assert list(tmp_path.glob(".*/*/half"))
    with replacing_folder(folder) as aside:
        write_text("new", aside / "new.png")
        with pytest.raises(LockedError), replacing_folder(folder):
            pass
        assert aside.exists()
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*")] == [
        Path("pictures [1]"),
        Path("pictures [1]/new.png"),
    ]


@pytest.mark.parametrize("failing", ["pictures", "former"])
def test_a_folder_that_cannot_be_replaced_is_one_line_and_the_former_stays(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    write_text("former", folder / "former.png")
    rename = Path.rename

    def fail(source: Path, target: Path) -> Path:
        if target.name == failing and source.name == "pictures":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", fail)
    refused = pytest.raises(WriteError, match=r"pictures cannot be written: No space left on device$")
    with refused, replacing_folder(folder) as aside:
        write_text("new", aside / "new.png")
    assert [path.name for path in folder.iterdir()] == ["former.png"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_cannot_be_made_is_one_line(former: Path) -> None:
    with pytest.raises(WriteError, match=r"a\.csv cannot be written: (File exists|Not a directory)"):
        write_text("", former / "a.csv")
    with pytest.raises(WriteError, match=r"a cannot be locked: (File exists|Not a directory)"), locked(former / "a"):
        pass
    refused = pytest.raises(WriteError, match=r"a cannot be written: (File exists|Not a directory)")
    with refused, replacing_folder(former / "a"):
        pass


def test_what_killed_processes_left_half_written_is_removed(former: Path) -> None:
    (former.parent / "a").mkdir()
    for folder in (former.parent, former.parent / "a"):
        (folder / f".picture.1{UNFINISHED}.png").touch()
        write_text("half", folder / f".pictures{UNFINISHED}.x" / f".a.1{UNFINISHED}.png")
    remove_unfinished(former.parent)
    assert [path for path in former.parent.rglob("*") if path.is_file()] == [former]


def test_a_lock_that_another_holds_is_refused_or_waited_for(tmp_path: Path) -> None:
    held, released = Event(), Event()

    def hold() -> None:
        with locked(tmp_path / "folder"):
            held.set()
            released.wait(60)

    other = Thread(target=hold)
    other.start()
    held.wait(60)
    with pytest.raises(LockedError, match="folder is in use by another process"), locked(tmp_path / "folder"):
        pass
    with locked(tmp_path / "folder", waiting=released.set):
        assert released.is_set()
    other.join()
    with locked(tmp_path / "folder"):
        pass


def test_a_lock_that_cannot_be_written_after_a_wait_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([Timeout("folder"), PermissionError(errno.EACCES, "Permission denied")])

    def acquire(_lock: object, timeout: float | None = None) -> None:
        raise next(answers)

    monkeypatch.setattr(FileLock, "acquire", acquire)
    with (
        pytest.raises(WriteError, match="folder cannot be locked: Permission denied"),
        locked(tmp_path / "folder", waiting=lambda: None),
    ):
        pass


def test_a_lock_with_children_is_held_until_the_last_of_them_has_ended(tmp_path: Path, former: Path) -> None:
    lock = lock_with_children(tmp_path / "jobs")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock]) as child:
        os.close(lock)
        with pytest.raises(LockedError, match="jobs is in use by other processes"):
            lock_with_children(tmp_path / "jobs")
        child.communicate()
    os.close(lock_with_children(tmp_path / "jobs"))
    with pytest.raises(WriteError, match=r"a cannot be locked: (File exists|Not a directory)"):
        lock_with_children(former / "a")
