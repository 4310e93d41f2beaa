"""The one line that is said of an error of the tracking store."""

import socket
import sqlite3
from contextlib import closing

import pytest
import requests
from mlflow.exceptions import MlflowException

from pipeline.tracking.errors import RefusedError, TrackingError, one_line_errors, refusal

SERVER = "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("address", "reason"),
    [("http://127.0.0.1:{}", "nothing listens there"), ("http://nosuch.invalid:{}", "no host of that name is known")],
)
def test_a_server_that_is_not_reached_is_told_with_the_reason(address: str, reason: str) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        uri = address.format(free.getsockname()[1])
    with pytest.raises(requests.ConnectionError) as failure:
        requests.get(uri, timeout=5)
    text = str(refusal(uri, MlflowException(f"API request to {uri} failed with exception {failure.value}")))
    assert text.endswith(f"Received: {uri}: {reason}")


def test_what_an_error_says_of_its_statement_is_left_out() -> None:
    with pytest.raises(TrackingError, match=r"sqlite:///a\.db: database is locked$"), one_line_errors("sqlite:///a.db"):
        raise sqlite3.OperationalError("database is locked [SQL: SELECT 1] (Background on this error at: a page)")


@pytest.mark.parametrize(
    ("status", "user", "line"),
    [
        (
            401,
            None,
            "`MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD` must be those of a user of the server. "
            f"Received: no user in {SERVER}",
        ),
        (
            403,
            "ada",
            "the user that `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD` sign in may not do this: ask "
            f"whoever runs the server for the permission. Received: ada, for experiments/get-by-name in {SERVER}",
        ),
    ],
)
def test_a_server_with_users_that_refuses_one_is_told_with_what_to_do(
    status: int, user: str | None, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME", raising=False)
    if user:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
    said = f"API request to endpoint /api/2.0/mlflow/experiments/get-by-name failed with error code {status} != 200. "
    error = refusal(SERVER, MlflowException(f"{said}Response body: 'Permission denied'"))
    assert isinstance(error, RefusedError)
    assert str(error) == line
