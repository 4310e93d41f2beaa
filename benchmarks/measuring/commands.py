"""Commands as a user would type them, with the time they take."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Timed:
    """A command that has ended.

    Attributes:
        began: When it was started, in seconds of the wall clock that files are stamped by.
        seconds: From its start to its end.
        processor_seconds: What all of its processes spent on all cores; 0 where the system does not tell.
        status: Its exit status.
    """

    began: float
    seconds: float
    processor_seconds: float
    status: int


def run_timed(command: Sequence[str], *, folder: Path) -> Timed:
    """Runs a command to its end; what it writes goes to the terminal.

    Args:
        command: The program and its arguments.
        folder: Its working directory.

    Returns:
        Its times and exit status.
    """
    before = _processor_seconds()
    began, started = time.time(), time.monotonic()
    status = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=False).returncode
    seconds = time.monotonic() - started
    return Timed(began, seconds, _processor_seconds() - before, status)


def _processor_seconds() -> float:
    """Of the commands that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system
