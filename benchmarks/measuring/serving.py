"""The side of a child process: it answers requests, one line of JSON each, and imports nothing that slows its start."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
STATUS = Path("/proc/self/status")


def serve(answer: Callable[[Answer], Answer]) -> None:
    """Answers requests on standard input until it is closed.

    What anything else prints goes to standard error, so that it cannot be taken for an answer.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr  # unbuffered, so that an error's text is the last word
    for line in sys.stdin:
        replies.write(json.dumps(answer(json.loads(line))) + "\n")
        replies.flush()


def serve_steps(build: Callable[[Answer], Any]) -> None:
    """Serves requests for `steps` of the training that `words` set; each is built when it is first asked for.

    What is built has `images_per_step`, and `take_step(step)` that counts from 0. An answer has the `seconds` of each
    step, the `images` that a step draws and the most `memory` so far.
    """
    made: dict[tuple[str, ...], Any] = {}
    taken: dict[tuple[str, ...], int] = {}

    def answer(request: Answer) -> Answer:
        words, seconds = tuple(request["words"]), []
        if words not in made:
            made[words], taken[words] = build(request), 0
        for _ in range(request["steps"]):
            started = time.perf_counter()
            made[words].take_step(taken[words])
            seconds.append(time.perf_counter() - started)
            taken[words] += 1
        return {"seconds": seconds, "images": made[words].images_per_step, "memory": peak_memory()}

    serve(answer)


def peak_memory() -> int:
    """Returns the most memory that this process has held at once, in bytes."""
    if STATUS.exists():
        # `ru_maxrss` would begin with what the parent held when it made this process.
        for line in STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
