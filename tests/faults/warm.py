"""Commands of a project, each a process of its own, forked from one that has imported what they import.

Imports are most of what a short training takes.
"""

import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.projects import DRIVER, LIMIT_SECONDS, Finished, Project

# None may start TensorFlow's runtime, which does not survive a fork.
IMPORTED = (
    *("pipeline.models", "pipeline.judging.run", "pipeline.runs.training", "pipeline.runs.identity"),
    *("pipeline.training.acgan.family", "mlflow.store.tracking.sqlalchemy_store", "mlflow.keras", "matplotlib.pyplot"),
)
NEVER = "-"  # a fault that is none


@dataclass
class Forked:
    """A command that was forked: what it prints is read meanwhile."""

    arguments: tuple[str, ...]
    texts: list[Future[str]]

    def finish(self, *, seconds: float = LIMIT_SECONDS) -> Finished:
        status, out, err = (text.result(timeout=seconds) for text in self.texts)
        return Finished(self.arguments, int(status), out, err)


@dataclass
class WarmProject:
    """Forks trainings of a project while the block lasts."""

    project: Project
    _ends: tuple[socket.socket, socket.socket] = field(
        default_factory=lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    )
    _readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(30))

    def __enter__(self) -> Self:
        theirs = self._ends[1]
        self._server = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            cwd=self.project.root,
            # The project's own package comes before that of the tests.
            env=self.project.environment() | {"PYTHONPATH": f"{self.project.root}{os.pathsep}{DRIVER.parents[2]}"},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ends[0].close()
        if error is not None:
            os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()
        self._readers.shutdown()

    def train(self, *overrides: str, fault: str = NEVER) -> Forked:
        """Starts a training; `fault` says what befalls it, as `driver.py` reads it."""
        return self._fork(str(DRIVER), fault, "pipeline.train", *overrides)

    def start(self, command: str, *words: str) -> Forked:
        """Starts `python -m pipeline.COMMAND`, which nothing befalls."""
        return self._fork(f"pipeline.{command}", *words)

    def _fork(self, *arguments: str) -> Forked:
        pipes = [os.pipe() for _ in range(3)]
        socket.send_fds(self._ends[0], [json.dumps(arguments).encode()], [end for _, end in pipes])
        for _, end in pipes:
            os.close(end)
        return Forked(arguments, [self._readers.submit(read_all, end) for end, _ in pipes])


def read_all(descriptor: int) -> str:
    with os.fdopen(descriptor, encoding="utf-8", closefd=True) as file:
        return file.read()


def serve(requests: socket.socket) -> None:
    for module in IMPORTED:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        text, descriptors, _, _ = socket.recv_fds(requests, 1 << 16, 3)
        if not text:
            return
        if not os.fork():
            requests.close()
            supervise(json.loads(text), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def supervise(arguments: list[str], status: int, out: int, err: int) -> None:
    """Runs a command in a child, and says by which status it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if child := os.fork():
        os.close(out)
        os.close(err)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(status, str(code).encode())
        os._exit(0)
    os.close(status)
    for number, pipe in ((1, out), (2, err)):
        os.dup2(pipe, number)
        os.close(pipe)
    sys.argv = arguments
    if arguments[0] == str(DRIVER):
        runpy.run_path(arguments[0], run_name="__main__")
    else:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
