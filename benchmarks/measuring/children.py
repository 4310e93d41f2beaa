"""Child processes that are started once and then asked by turns; each has an environment of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self

from benchmarks import UNTOUCHED
from benchmarks.measuring.errors import BenchmarkError
from pipeline.settings.paths import ROOT

PATIENCE_SECONDS = 10


class Child:
    """A process that serves requests (`benchmarks.measuring.serving`), as long as the `with` block lasts.

    Args:
        module: What it runs, as in `python -m MODULE`.
        arguments: Words after the module.
        environment: What is set in its environment beside that of this command; None takes a variable out.
        folder: Its working directory, which its modules are imported from.
        python: The interpreter; this one by default.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str | None] | None = None,
        folder: Path = ROOT,
        python: str = sys.executable,
    ) -> None:
        self._module = module
        self._said = TemporaryFile("w+b")  # noqa: SIM115
        self._process = subprocess.Popen(
            [python, "-m", module, *arguments],
            cwd=folder,
            env=changed(UNTOUCHED, environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            encoding="utf-8",
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends a request and waits for its answer.

        Raises:
            BenchmarkError: The process has ended without one.
        """
        self.tell(**request)
        return self.on_event()

    def tell(self, **request: Any) -> None:
        """Sends a request; `hear` waits for its answer."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failed() from None

    def on_event(self) -> dict[str, Any]:
        """Waits for the answer to the oldest request that has none.

        Raises:
            BenchmarkError: The process has ended without one.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise self._failed()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def rested(self) -> None:
        """Waits until the process has stopped itself (`benchmarks.measuring.serving.rest`).

        Raises:
            BenchmarkError: It has ended instead.
        """
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise self._failed()

    def wake(self) -> None:
        """Lets a process that has stopped itself go on."""
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        """Gives the child itself; it runs since it was made."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Lets the process end; one that does not, or rests, is killed."""
        if error is not None:
            self._process.kill()
        try:
            self._process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _failed(self) -> BenchmarkError:
        status = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing was said")
        return BenchmarkError(f"`{self._module}` must answer. Received: exit status {status}: {last}")


def changed(environment: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Gives an environment with some variables set, and without those that are None."""
    merged = {**environment, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def run_quietly(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> str:
    """Runs a command to its end and keeps what it says to itself.

    Args:
        command: The program and its arguments.
        folder: Its working directory.
        environment: All of its environment.

    Returns:
        What it wrote to standard output.

    Raises:
        BenchmarkError: It did not end with status 0.
    """
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines() or ["nothing was said"]
        words = " ".join(Path(command[0]).name if number == 0 else word for number, word in enumerate(command))
        raise BenchmarkError(f"`{words}` must end with status 0. Received: {done.returncode}: {lines[-1]}")
    return done.stdout.decode(errors="replace")
