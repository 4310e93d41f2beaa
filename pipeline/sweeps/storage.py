"""Optuna and its storage, or one line that says what is missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten
from typing import Any

from pipeline.settings import paths
from pipeline.settings.errors import PipelineError
from pipeline.tracking.address import explain_missing, without_password

_SQLITE = "sqlite:///"


class SearchError(PipelineError):
    """A search cannot be run as it was asked to."""


def import_optuna() -> Any:
    """Imports Optuna, quiet.

    Raises:
        SearchError: It is not installed; the text has the command.
    """
    try:
        import optuna
    except ImportError as error:
        text = f"a search needs the module `{error.name}`: install it with `pip install -e '.[search]'`"
        raise SearchError(text) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def open_storage(address: str) -> Any:
    """Opens Optuna's storage; the file of a relative SQLite address starts at the project.

    Raises:
        SearchError: It does not answer, or its library is missing.
    """
    if address.startswith(_SQLITE):
        address = f"{_SQLITE}{paths.STORE_ROOT / address.removeprefix(_SQLITE)}"
    try:
        return import_optuna().storages.RDBStorage(address)
    except ImportError as error:
        reason = explain_missing(error)
    except Exception as error:  # SQLAlchemy and each database have errors of their own
        remedy = ". Restore a damaged file, or put it aside to begin anew" if address.startswith(_SQLITE) else ""
        reason = f"must be a database that answers: {_said_by(error)}{remedy}"
    raise _refusal(address, reason)


@contextmanager
def one_line_storage_errors(address: str) -> Iterator[None]:
    """Turns errors of a storage that went away within the block into a `SearchError` of one line."""
    try:
        yield
    except away() as error:
        text = f"must be a database that answers: {_said_by(error)}. Once it does, the same command goes on"
        raise _refusal(address, text) from error


def away() -> tuple[type[Exception], ...]:
    """Returns the errors of a storage that does not answer any more."""
    from sqlalchemy.exc import SQLAlchemyError

    return import_optuna().exceptions.StorageInternalError, SQLAlchemyError


def _refusal(address: str, reason: str) -> SearchError:
    return SearchError(without_password(f"`hydra.sweeper.search.storage` {reason}. Received: {address}"))


def _said_by(error: Exception) -> str:
    """What a database said: of an error of Optuna's, which guesses at the reason, what it comes from."""
    said = " ".join(str(error.__cause__ or error).split())
    return shorten(said.partition(" [SQL: ")[0].partition(" (Background on this error")[0], 200, placeholder=" …")
