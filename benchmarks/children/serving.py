"""The side of a child process: `python -m benchmarks.children.serving MODULE` answers requests, one line of JSON each.

The module has a function `answer` from a request to its answer. Nothing is imported here that slows a start.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import count, islice
from typing import Any

Answer = dict[str, Any]


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


def answer_steps(build: Callable[[Answer], Any]) -> Callable[[Answer], Answer]:
    """Returns what answers requests for `steps` of the training that `words` set; each is built when first asked for.

    What is built has `take_step(step)`, which counts from 0. An answer has the `seconds` of each step and the most
    `memory` so far.
    """
    made: dict[tuple[str, ...], tuple[Any, count[int]]] = {}

    def answer(request: Answer) -> Answer:
        words = tuple(request["words"])
        if words not in made:
            made[words] = build(request), count()
        training, steps = made[words]
        seconds = [time_call(partial(training.take_step, step)) for step in islice(steps, request["steps"])]
        return {"seconds": seconds, "memory": peak_memory()}

    return answer


def time_call(act: Callable[[], object]) -> float:
    """Returns the seconds that a call takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def peak_memory() -> int:
    """Returns the most memory that this process has held at once, in bytes.

    On Linux it begins with what the parent held when it made this process: less than any training.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    serve(import_module(sys.argv[1]).answer)
