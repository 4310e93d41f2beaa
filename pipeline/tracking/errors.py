"""Errors of the tracking store, in one line each, without passwords."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, ErrorCode

from pipeline.settings.errors import PipelineError
from pipeline.tracking.address import explain_missing, without_password

USERNAME = "MLFLOW_TRACKING_USERNAME"
# What urllib3 calls the reason for which there is no connection to a server.
_CAUSES = {
    "NewConnectionError": "nothing listens there",
    "NameResolutionError": "no host of that name is known",
    "ConnectTimeoutError": "it does not answer",
    "ReadTimeoutError": "it does not answer in time",
    "SSLError": "no TLS connection can be made: check https:// and the certificate",
}


class TrackingError(PipelineError):
    """The tracking store cannot be reached, opened or written to; the text has no passwords."""

    def __init__(self, text: str) -> None:
        super().__init__(without_password(text))


class RefusedError(TrackingError):
    """The tracking store answered and does not accept."""


class DeletedExperimentError(TrackingError):
    """The experiment was deleted; it can be restored."""


@contextmanager
def one_line_errors(uri: str) -> Iterator[None]:
    """Turns errors of MLflow and SQLite, and a missing library, within the block into a `TrackingError` of one line."""
    try:
        yield
    except ImportError as error:
        text = f"the tracking store (`MLFLOW_TRACKING_URI`) {explain_missing(error)}. Received: {uri}"
        raise TrackingError(text) from error
    except (MlflowException, OSError, sqlite3.Error) as error:
        raise refusal(uri, error) from error


def refusal(uri: str, error: Exception) -> TrackingError:
    """Returns the one line about an error of a store."""
    if refused := _why_refused(text := _said_by(error)):
        return RefusedError(f"{refused} in {uri}")
    kind, reason = RefusedError if is_answer(error) else TrackingError, _why_no_answer(text) or text[:300]
    return kind(f"The tracking store (`MLFLOW_TRACKING_URI`) must answer and accept. Received: {uri}: {reason}")


def is_answer(error: Exception) -> bool:
    """Whether an error is what a store said, rather than that none could be asked."""
    if isinstance(error, RestException):
        return True
    return isinstance(error, MlflowException) and error.error_code != ErrorCode.Name(INTERNAL_ERROR)


def _said_by(error: Exception) -> str:
    """Returns what an error says in one line, without SQLAlchemy's statement and link."""
    return " ".join(str(error).split()).partition(" [SQL: ")[0].partition(" (Background on this error")[0]


def _why_no_answer(text: str) -> str | None:
    """Returns in plain words why there was no connection to a server, of an error's text; None of any other error."""
    cause = re.search(r"\(Caused by (\w+)\(", text)
    return _CAUSES.get(cause[1]) if cause else None


def _why_refused(text: str) -> str | None:
    """Returns what a server with users wants, of an error's text; None where it refused nobody."""
    status = re.search(r"endpoint \S*?/mlflow/(\S+) failed with error code (401|403)", text)
    if status is None:
        return None
    signed_in = os.environ.get(USERNAME)
    who = f"`{USERNAME}` and `MLFLOW_TRACKING_PASSWORD`"
    if status[2] == "401":
        return f"{who} must be those of a user of the server. Received: {signed_in or 'no user'}"
    asked = f"ask whoever runs the server for the permission. Received: {signed_in or 'no user'}, for {status[1]}"
    return f"the user that {who} sign in may not do this: {asked}"
