"""A server of MLflow on 127.0.0.1, for as long as a block lasts."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from mlflow.utils import find_free_port

from benchmarks.measuring.projects import started
from benchmarks.measuring.results import BenchmarkError

PATIENCE_SECONDS = 120


@contextmanager
def served(*words: str, folder: Path | None = None, **environment: str) -> Iterator[str]:
    """Runs `mlflow WORDS` in a folder until the block ends, and yields its address once it answers.

    Raises:
        BenchmarkError: It ends before, or does not answer within two minutes.
    """
    port, path = find_free_port(), f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "mlflow", *words, "--host", "127.0.0.1", "--port", str(port)]
    patience, address = time.monotonic() + PATIENCE_SECONDS, f"http://127.0.0.1:{port}"
    with started(command, cwd=folder, env={**os.environ, "PATH": path, **environment}) as server:
        while not _answers(f"{address}/health"):
            if server.poll() is not None or time.monotonic() > patience:
                raise BenchmarkError(f"`mlflow {' '.join(words)}` must answer at {address}")
            time.sleep(0.3)
        yield address


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False
