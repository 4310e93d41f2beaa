"""The side of a child process: it answers requests, one line of JSON each, and imports nothing that slows its start."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = dict[str, Any]

STATUS = Path("/proc/self/status")


def serve(answer: Callable[[Answer], Answer]) -> None:
    """Answers requests on standard input until it is closed.

    What anything else prints goes to standard error, so that it cannot be taken for an answer.

    Args:
        answer: Takes a request and gives its answer, both of what JSON knows.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr  # unbuffered, so that an error's text is the last word
    for line in sys.stdin:
        replies.write(json.dumps(answer(json.loads(line))) + "\n")
        replies.flush()


def rest() -> None:
    """Stops this process, all its threads with it, until it is woken (`benchmarks.measuring.children.Child.wake`)."""
    os.kill(os.getpid(), signal.SIGSTOP)


def peak_memory() -> int:
    """Gives the most memory that this process has held at once, in bytes."""
    if STATUS.exists():
        # `ru_maxrss` would begin with what the parent held when it made this process.
        for line in STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
