"""The schema of an SQLite store: made whole, or older, newer or broken, and what to do then.

Private names: `_get_latest_schema_revision` of `mlflow.store.db.utils`.
"""

import os
import shlex
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import mlflow
from mlflow.store import db_migrations
from mlflow.store.db.utils import _get_latest_schema_revision

_MAKING_SECONDS, _PATIENCE_SECONDS = 15, 30.0
_PRIMARY_CODE = 0xFF  # the byte of SQLite's error codes that says the kind


def make_store(file: Path, aside: Path, make: Callable[[Path], object]) -> None:
    """Makes a store where there is no file, in the folder `aside`, and gives it its name once it has all tables.

    An `mlflow ui` that is started meanwhile would end if it found some of the tables. `make` makes the store of a
    folder. Where the file system has no links, or `mlflow ui` was faster, nothing is made.
    """
    if file.exists():
        return
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    make(aside)
    with suppress(OSError):
        os.link(aside / file.name, file)
    shutil.rmtree(aside, ignore_errors=True)


def await_maker(file: Path) -> None:
    """Waits while another process, such as `mlflow ui`, makes the tables of a store; two at once would fail both.

    A file that was not written to for some seconds is waited for no longer.
    """
    while is_fresh(file) and _is_unfinished(file):
        time.sleep(0.5)


def is_fresh(file: Path) -> bool:
    """Whether a file was written to in the last seconds, as one is whose tables another process makes."""
    return file.is_file() and abs(time.time() - file.stat().st_mtime) < _MAKING_SECONDS


def _is_unfinished(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(file, timeout=_PATIENCE_SECONDS)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return True
    except sqlite3.Error:
        return False
    return row is None or (_known(row[0]) and row[0] != _get_latest_schema_revision())


def find_fault(file: Path, uri: str) -> str | None:
    """Returns why SQLite cannot write a file and what to do, to add to a sentence; None where it can.

    Another process may hold it for half a minute.
    """
    try:
        with closing(sqlite3.connect(file, timeout=_PATIENCE_SECONDS)) as connection:
            # A write that changes nothing: SQLite opens a file that is read-only without a word.
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute(f"PRAGMA user_version = {int(version)}")
    except sqlite3.Error as error:
        return f"{f': {_mend(file, uri, error)}' if file.is_file() else ''}. Received: {error}"
    return None


def _mend(file: Path, uri: str, error: sqlite3.Error) -> str:
    code = error.sqlite_errorcode & _PRIMARY_CODE
    if code == sqlite3.SQLITE_BUSY:
        return "another process holds it: try again later"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return "the disk may be full: make room on it and try again"
    if isinstance(error, sqlite3.OperationalError):
        return f"`chmod u+w {shlex.quote(str(file.parent))} {shlex.quote(str(file))}`"
    return advice(file, uri)


def is_newer(file: Path) -> bool:
    """Whether a newer MLflow than the installed one wrote the file."""
    revision = _revision(file)
    return revision is not None and not _known(revision)


def advice(file: Path, uri: str) -> str:
    """Returns what the matter with the schema is and the command that mends it, as one sentence."""
    if is_newer(file):
        return f"it is of a newer MLflow than {mlflow.__version__}; install that one, or {_put_aside(file)}"
    if _revision(file) is None:
        return f"it is no whole store of MLflow; {_put_aside(file)}"
    return f"if it is of an older MLflow, run `mlflow db upgrade {shlex.quote(uri)}`; else {_put_aside(file)}"


def _put_aside(file: Path) -> str:
    aside = file.with_name(f"{file.stem}-aside{file.suffix}")
    return f"put it aside with `mv {shlex.quote(str(file))} {shlex.quote(str(aside))}` to begin a new one"


def _revision(file: Path) -> str | None:
    try:
        with closing(sqlite3.connect(file, timeout=_PATIENCE_SECONDS)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


def _known(revision: str) -> bool:
    versions = Path(db_migrations.__path__[0]) / "versions"
    return any(file.name.startswith(f"{revision}_") for file in versions.glob("*.py"))
