"""Files written whole or not at all, and folders that one process at a time works in."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from filelock import FileLock, Timeout

from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import display

UNFINISHED = ".part"


class WriteError(PipelineError):
    """A file or a folder cannot be written."""


class LockedError(PipelineError):
    """Another process holds a lock."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Puts a new file in place of an old one once it is whole and on the disk; missing folders are made.

    Yields:
        A hidden path beside it, with its suffix, to write to. It is renamed after the block, or removed on an error.

    Raises:
        WriteError: The file cannot be written; the old one stays.
    """
    aside = path.with_name(f".{path.stem}.{os.getpid()}{UNFINISHED}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    except OSError as error:
        reason = " ".join(str(error.strerror or error).split())
        raise WriteError(f"{display(path)} cannot be written: {reason}") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def write_bytes(content: bytes, path: Path) -> None:
    """Writes a file, whole or not at all; see `replacing`."""
    with replacing(path) as aside:
        aside.write_bytes(content)


def write_text(text: str, path: Path) -> None:
    """Writes a file in UTF-8 with the line ends of `text`, whole or not at all; see `replacing`."""
    write_bytes(text.encode(), path)


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Writes a file of JSON, indented by two, whole or not at all; see `replacing`."""
    write_text(json.dumps(content, indent=2) + "\n", path)


def copy_files(source: Path, target: Path) -> None:
    """Copies a folder's files, each whole or not at all; does nothing where there is no such folder.

    Only contents are copied: a file that DVC links from its cache is read-only, and its copy must not be.
    """
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    for file in source.rglob("*"):
        if file.is_file():
            write_bytes(file.read_bytes(), target / file.relative_to(source))


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Puts a new folder in place of an old one once it is whole; missing folders above it are made.

    A kill between the two leaves the old one, the new one or none. What a killed process left beside it is removed.

    Yields:
        An empty folder of the same name in a hidden one beside it. It is renamed after the block, or removed on an
        error.

    Raises:
        LockedError: Another process is replacing it.
        WriteError: The folder cannot be written; the old one stays.
    """
    prefix = f".{path.name}{UNFINISHED}."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            held.enter_context(locked(path))
            held.callback(lock_file(path).unlink, missing_ok=True)
            for left in path.parent.glob(f"{escape(prefix)}*"):
                shutil.rmtree(left)
            hidden = held.enter_context(TemporaryDirectory(dir=path.parent, prefix=prefix, ignore_cleanup_errors=True))
            aside, former = Path(hidden) / path.name, Path(hidden) / "former"
            aside.mkdir()
            yield aside
            if path.exists():
                path.rename(former)
            try:
                aside.rename(path)
            except OSError:
                if former.exists():
                    former.rename(path)
                raise
    except OSError as error:
        raise WriteError(f"{display(path)} cannot be written: {error.strerror or error}") from error


def remove_unfinished(folder: Path) -> None:
    """Removes what killed processes left half written in a folder and below; no other process may be writing there."""
    for left in list(folder.rglob(f".*{UNFINISHED}*")):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)  # in a folder that is removed by now


@contextmanager
def locked(path: Path, *, waiting: Callable[[], object] | None = None, seconds: float = 0) -> Iterator[None]:
    """Holds the lock of a file or folder, see `lock_file`, for the length of the block.

    Args:
        path: What is locked; it need not exist, and missing folders above it are made.
        waiting: What is called where another process holds the lock; the wait has no end then.
        seconds: How long to wait at first.

    Raises:
        LockedError: Another process holds the lock, and `waiting` is none.
        WriteError: The lock cannot be written.
    """
    lock = FileLock(lock_file(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=seconds)
        except Timeout as error:
            if waiting is None:
                raise LockedError(f"{display(path)} is in use by another process: try again later") from error
            waiting()
            lock.acquire()
    except OSError as error:
        raise WriteError(f"{display(path)} cannot be locked: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def lock_file(path: Path) -> Path:
    """Returns the file whose lock is that of a file or folder, beside it."""
    return path.with_name(f".{path.name}.lock")


def lock_with_children(path: Path) -> int:
    """Takes the lock of a file or folder, see `lock_file`, and returns its descriptor, for processes that inherit it.

    It is held until this process and all that were started with the descriptor have closed it or ended.

    Raises:
        LockedError: Other processes hold it.
        WriteError: The lock cannot be written.
    """
    import fcntl  # POSIX only

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(lock_file(path), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise
    except BlockingIOError as error:
        raise LockedError(f"{display(path)} is in use by other processes: try again later") from error
    except OSError as error:
        raise WriteError(f"{display(path)} cannot be locked: {error.strerror or error}") from error
    return lock


def sync(path: Path) -> None:
    """Waits until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
