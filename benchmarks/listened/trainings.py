"""Child process in a copy of the project: the whole of `pipeline.train`, or the bare loop over the same training.

What the whole does is told apart by when it happens: steps and evaluation (held-out losses and the judge's measures)
are timed by stand-ins that only look at the clock; what lies between is tracking, checkpoints, pictures and progress.
Asked to rest, it stops itself before every so many steps, so that two of them can take their steps by turns.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import wraps
from importlib import import_module
from threading import Thread
from typing import Any, TypeVar
from unittest.mock import patch

from benchmarks.measuring.serving import Answer, peak_memory, rest, serve
from benchmarks.trainings.recipes import compose_settings

Result = TypeVar("Result")

STEP, EVALUATION, BUILT, FINISH = "step", "evaluation", "built", "finish"


class Clock:
    """Spans of time by what was done in them."""

    def __init__(self) -> None:
        self.spans: dict[str, list[tuple[float, float]]] = {STEP: [], EVALUATION: [], BUILT: [], FINISH: []}

    def timed(self, name: str, function: Callable[..., Result]) -> Callable[..., Result]:
        """Gives a function that does the same and leaves its span under `name`."""

        @wraps(function)
        def watched(*arguments: Any, **options: Any) -> Result:
            started = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.spans[name].append((started, time.perf_counter()))

        return watched

    def steps(self, take_step: Callable[[int], Result], *, rest_every: int | None) -> Callable[[int], Result]:
        """Gives a `take_step` that is timed, and before every so many steps rests."""
        timed = self.timed(STEP, take_step)

        def resting(step: int) -> Result:
            if rest_every and step % rest_every == 0:
                rest()
            return timed(step)

        return resting


def train_whole(words: Sequence[str], *, rest_every: int | None = None) -> Answer:
    """Trains as the command does.

    Args:
        words: The settings.
        rest_every: Before how many steps each the process rests; it does not by default.

    Returns:
        `steps`: seconds of each but the first, which is compiled; `evaluation`: seconds at all reports, as many times
        those at the last as there are, since something is compiled at the first; `between`: seconds beside steps and
        evaluation, from the end of the first step to the end of the loop, rests included; `once`: seconds before the
        first step, from when the networks are built, and after the loop; `memory`: most bytes held.
    """
    from pipeline import train
    from pipeline.judging import quality as measuring
    from pipeline.runs import outputs, training
    from pipeline.training.family import clear_models, find_family

    settings, clock = compose_settings(words), Clock()
    family = find_family(settings.family)

    def build(*arguments: Any) -> Any:
        made: Any = clock.timed(BUILT, family.build)(*arguments)
        made.take_step = clock.steps(made.take_step, rest_every=rest_every)
        made.report = clock.timed(EVALUATION, made.report)
        return made

    def measure_reports(*arguments: Any, **options: Any) -> Any:
        return clock.timed(EVALUATION, measuring.measure_reports(*arguments, **options))

    module = import_module(f"pipeline.training.{settings.family}")
    with (
        patch.object(module, "FAMILY", replace(family, build=build)),
        patch.object(training, "measure_reports", measure_reports),
        patch.object(outputs, "finish", clock.timed(FINISH, outputs.finish)),
        _half_as_often() if rest_every else nullcontext(),
        terminal(),
    ):
        train.train(settings, Job("pipeline.train", tuple(words)))
    ended = time.perf_counter()
    clear_models()
    return _describe(clock, ended=ended)


@contextmanager
def _half_as_often() -> Iterator[None]:
    """Doubles the intervals of what goes by the clock, which runs on while a process is stopped."""
    from pipeline.rendering import terminal as bar
    from pipeline.tracking import runs

    with (
        patch.object(bar, "REFRESHES_A_SECOND", bar.REFRESHES_A_SECOND / 2),
        patch.object(runs, "SECONDS_A_SAMPLE", 2 * runs.SECONDS_A_SAMPLE),
    ):
        yield


def train_bare(words: Sequence[str], *, rest_every: int | None = None) -> Answer:
    """Takes the same steps and does nothing else.

    Args:
        words: The settings.
        rest_every: As for `train_whole`.

    Returns:
        `steps`: seconds of each but the first.
    """
    from pipeline.data import mnist
    from pipeline.training.family import build_training, clear_models, find_family

    settings, clock = compose_settings(words), Clock()
    splits = mnist.split(mnist.read(settings.data.file), settings.data)
    training = build_training(find_family(settings.family), settings, splits)
    take_step = clock.steps(training.take_step, rest_every=rest_every)
    for step in range(settings.model.steps):
        take_step(step)
    clear_models()
    return {"steps": _lengths(clock.spans[STEP][1:])}


@contextmanager
def terminal() -> Iterator[None]:
    """Lets standard output be a terminal, so that the live bar is drawn; where there are none, it stays as it is."""
    try:
        import pty
    except ImportError:
        yield
        return
    reader, writer = pty.openpty()

    def swallow() -> None:
        try:
            while os.read(reader, 4096):
                pass
        except OSError:
            return

    thread = Thread(target=swallow, daemon=True)
    thread.start()
    with os.fdopen(writer, "w", encoding="utf-8") as screen, patch.object(sys, "stdout", screen):
        yield
    thread.join(timeout=1)
    os.close(reader)


def _describe(clock: Clock, *, ended: float) -> Answer:
    steps, evaluation = clock.spans[STEP], clock.spans[EVALUATION]
    loop = clock.spans[FINISH][0][0] - steps[0][1]
    begun = steps[0][0] - clock.spans[BUILT][0][1]
    return {
        "steps": _lengths(steps[1:]),
        "evaluation": usual_seconds(evaluation, since=steps[-1][1]),
        "between": loop - sum(_lengths(steps[1:])) - sum(_lengths(evaluation)),
        "once": begun + ended - clock.spans[FINISH][0][0],
        "memory": peak_memory(),
    }


def usual_seconds(spans: Sequence[tuple[float, float]], *, since: float) -> float:
    """Gives what all reports would take if each took as long as the last, where nothing is compiled.

    Args:
        spans: Those of the evaluations; as many at each report.
        since: When the step before the last report ended.
    """
    last = _lengths([span for span in spans if span[0] >= since])
    return sum(last) * len(spans) / len(last)


def _lengths(spans: Sequence[tuple[float, float]]) -> list[float]:
    return [end - start for start, end in spans]


def _answer(request: Answer) -> Answer:
    arm = train_whole if request["whole"] else train_bare
    return arm(request["words"], rest_every=request.get("rest_every"))


if __name__ == "__main__":
    serve(_answer)
