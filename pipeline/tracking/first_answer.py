"""The first question to a tracking server or a database's, which may be down or just restarting."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException

from pipeline.tracking.errors import is_answer

_ANSWER_SECONDS = 5
_FIRST_ANSWER = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": f"{_ANSWER_SECONDS}",
    "PGCONNECT_TIMEOUT": f"{_ANSWER_SECONDS}",
}
_PATIENCE_SECONDS = 30.0
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def await_answer(ask: Callable[[], str]) -> str:
    """Asks again for half a minute where nobody answers; an answer that refuses is one."""
    patience = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except MlflowException as error:
            if is_answer(error) or time.monotonic() > patience:
                raise
            time.sleep(1)


def await_database(uri: str) -> None:
    """Waits half a minute at most for a database's server to listen, and connects once; other stores are not asked.

    MLflow would try to connect for 100 seconds, whatever the reason.

    Raises:
        OSError: Nothing listens.
        sqlalchemy.exc.SQLAlchemyError: The address names no database, or its server refuses.
        ImportError: The database's library is missing.
    """
    if uri.partition(":")[0].partition("+")[0] not in _PORTS:
        return
    from sqlalchemy import NullPool, create_engine, make_url

    url = make_url(uri)
    engine = create_engine(url, poolclass=NullPool)
    if url.host:
        _await_listener(url.host, url.port or _PORTS[url.get_backend_name()])
    engine.connect().close()


def _await_listener(host: str, port: int) -> None:
    patience = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection((host, port), timeout=_ANSWER_SECONDS).close()
        except (ConnectionError, TimeoutError):
            if time.monotonic() > patience:
                raise
            time.sleep(1)
        else:
            return


@contextmanager
def bounded_requests() -> Iterator[None]:
    """Limits the wait for an answer of a server to seconds."""
    before = {name: os.environ[name] for name in _FIRST_ANSWER if name in os.environ}
    os.environ.update(_FIRST_ANSWER)
    try:
        yield
    finally:
        for name in _FIRST_ANSWER:
            os.environ.pop(name)
        os.environ.update(before)
