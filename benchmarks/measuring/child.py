"""Child processes that are started once and then asked by turns; each has an environment of its own.

By turns, A B A B, a machine that slows down or speeds up does so for everyone.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from select import select
from shutil import which
from tempfile import TemporaryFile
from typing import Any, TypeVar

from benchmarks import UNTOUCHED
from benchmarks.measuring.results import BenchmarkError
from pipeline.settings.overrides import compose_settings
from pipeline.settings.paths import ROOT

PATIENCE_SECONDS = 10
PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
Changes = Mapping[str, str | None]
Sample = TypeVar("Sample")


class Child(subprocess.Popen[str]):
    """A process that serves requests (`benchmarks.children.serving`), as long as the `with` block lasts.

    Its module is imported from a folder. In its environment some variables are set; None takes one out. A
    `BenchmarkError` is raised where it has ended when an answer is waited for, or where that takes more than `seconds`:
    it is killed then.
    """

    def __init__(
        self,
        module: str,
        *,
        environment: Changes | None = None,
        folder: Path = ROOT,
        python: str = sys.executable,
        seconds: float | None = None,
    ) -> None:
        if not which(python):
            raise BenchmarkError(f"`python` must be an interpreter. Received: {python}")
        self._module, self._seconds, self._log = module, seconds, TemporaryFile("w+b")  # noqa: SIM115
        command, own = [python, "-m", "benchmarks.children.serving", module], changed(UNTOUCHED, environment or {})
        super().__init__(command, cwd=folder, env=own, stderr=self._log, **PIPES)

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends a request and waits for its answer."""
        self.send(**request)
        return self.receive()

    def send(self, **request: Any) -> None:
        """Sends a request; `receive` waits for its answer."""
        assert self.stdin
        try:
            self.stdin.write(json.dumps(request) + "\n")
            self.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None

    def receive(self) -> dict[str, Any]:
        """Waits for the answer to the oldest request that has none."""
        assert self.stdout
        if self._seconds is not None and not select([self.stdout], [], [], self._seconds)[0]:
            self.kill()
            raise BenchmarkError(f"`{self._module}` must answer within {self._seconds:.3g} seconds. Received: nothing")
        if not (line := self.stdout.readline()):
            raise self._failure()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def wait_until_stopped(self) -> None:
        """Waits until the process has stopped itself, as by SIGSTOP."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise self._failure()

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Lets the process end; one that does not, or is stopped, is killed."""
        if error is not None:
            self.kill()
        try:
            self.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            self.wait()
        self._log.close()

    def _failure(self) -> BenchmarkError:
        status = self.wait()
        self._log.seek(0)
        said = last_line(self._log.read())
        return BenchmarkError(f"`{self._module}` must answer. Received: exit status {status}: {said}")


def training_request(*words: str) -> dict[str, Any]:
    """Returns what a child is told of the training that some words set, as plain values: a peer composes none."""
    settings = compose_settings(words)
    return {"words": words, "settings": settings.model.model_dump(mode="json"), "data": str(settings.data.file)}


def changed(environment: Mapping[str, str], changes: Changes) -> dict[str, str]:
    """Returns an environment with some variables set, and without those that are None."""
    return {name: value for name, value in {**environment, **changes}.items() if value is not None}


def last_line(output: bytes) -> str:
    """Returns the last line of an output that is not empty."""
    lines = output.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")


def by_turns(measures: Mapping[Any, Callable[[], Sample]], rounds: int) -> dict[Any, list[Sample]]:
    """Measures everyone once a round, in the order given; returns the samples of each, in the order of the rounds."""
    taken = [{key: measure() for key, measure in measures.items()} for _ in range(rounds)]
    return {key: [samples[key] for samples in taken] for key in measures}


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Divides the samples of one by those of another, round by round."""
    return [first / second for first, second in zip(above, below, strict=True)]
