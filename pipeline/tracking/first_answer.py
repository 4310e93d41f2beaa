"""The first question to a tracking server, which may be down or just restarting."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, ErrorCode

_FIRST_ANSWER = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
_PATIENCE_SECONDS = 30.0


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


def is_answer(error: Exception) -> bool:
    """Whether an error is what a store said, rather than that none could be asked."""
    if isinstance(error, RestException):
        return True
    return isinstance(error, MlflowException) and error.error_code != ErrorCode.Name(INTERNAL_ERROR)


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
