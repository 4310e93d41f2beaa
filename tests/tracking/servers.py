"""Tracking servers on this machine, for tests that stop and start them."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

LIMIT_SECONDS = 240

Process = subprocess.Popen[bytes]


class Server:
    """A tracking server with SQLite and served artifacts, at one address while the block lasts.

    Args:
        folder: Where it keeps its database, its artifacts and its log.
        migrated: A database whose tables are made.
    """

    def __init__(self, folder: Path, migrated: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._process: Process | None = None
        self.address = f"http://127.0.0.1:{self._port}"
        shutil.copy(migrated, folder / "server.db")

    def start(self) -> None:
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self._port)),
            *("--workers", "1", "--backend-store-uri", f"sqlite:///{self._folder / 'server.db'}"),
            *("--serve-artifacts", "--artifacts-destination", str(self._folder / "artifacts")),
        ]
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log, env=environment)
        await_health(self.address, self._process)

    def stop(self) -> None:
        if self._process:
            stop(self._process)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def await_health(address: str, server: Process) -> None:
    patience = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < patience and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"a tracking server must answer at {address}")


def stop(server: Process) -> None:
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):  # one ends with another
            process.terminate()
    for process in psutil.wait_procs(family, timeout=20)[1]:
        process.kill()
    server.wait(timeout=20)
