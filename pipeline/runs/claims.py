"""Which process works in a run's folder or in a stage of DVC: one at a time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from pipeline.data.code import SHORT_DIGEST
from pipeline.data.files import LockedError, lock_file, locked, remove_unfinished
from pipeline.rendering.terminal import make_console
from pipeline.runs.folder import RunFolder
from pipeline.settings import paths

SENT = "`python -m pipeline.sync` is sending its spool: waiting for that to end"


@contextmanager
def locked_stage(family: str, *, report: Callable[[str], object]) -> Iterator[bool]:
    """Keeps other processes out of the stage of DVC that trains a family, in this copy of the project.

    DVC does so itself as long as it lives; where it was killed, its training goes on alone.

    Yields:
        Whether there was another process, of which `report` got a line, and which has ended.
    """
    waited = []

    def wait() -> None:
        waited.append(True)
        report(f"another process is in the stage train@{family}: waiting for it to end")

    with locked(paths.ROOT / "runs" / "dvc" / family, waiting=wait):
        yield bool(waited)


@contextmanager
def claim(parent: Path, digest: str) -> Iterator[RunFolder]:
    """Claims the folder of a training: an interrupted one with the same digest, else a new one.

    It is `parent/DIGEST-NUMBER`, locked against other processes meanwhile: the first number whose training has not
    ended and is not under way elsewhere. One whose spool is being sent is waited for, which a line says.
    """
    for number in count(1):
        folder = RunFolder(parent / f"{digest[:SHORT_DIGEST]}-{number}")
        with ExitStack() as held:
            try:
                held.enter_context(locked(folder.path))
            except LockedError:
                if not _is_being_sent(folder):
                    continue
                told = partial(make_console().print, f"{paths.display(folder.path)}: {SENT}", soft_wrap=True)
                held.enter_context(locked(folder.path, waiting=told))
            folder.path.mkdir(exist_ok=True)
            if not folder.ended():
                remove_unfinished(folder.path)
                yield folder
                return


@contextmanager
def sending(folder: RunFolder) -> Iterator[None]:
    """Keeps other processes out of a run's folder whose spool is sent, and lets a training wait for its end.

    Raises:
        LockedError: A training works there.
    """
    with locked(folder.path), _locked_spool(folder):
        yield


@contextmanager
def _locked_spool(folder: RunFolder) -> Iterator[None]:
    with locked(folder.spool):
        try:
            yield
        finally:
            lock_file(folder.spool).unlink(missing_ok=True)  # it stands in the folder


def _is_being_sent(folder: RunFolder) -> bool:
    try:
        with _locked_spool(folder):
            return False
    except LockedError:
        return True
