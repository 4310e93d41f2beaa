"""Child process in a copy of the project: the whole of `pipeline.train`, or the bare loop over the same training.

Both are timed by the training's own seam, a block a phase. Asked to, they stop themselves before every so many steps,
so that two of them can take their steps by turns.
"""

import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.children import ours
from benchmarks.children.serving import Answer, peak_memory
from pipeline.settings.job import Job
from pipeline.settings.overrides import compose_settings
from pipeline.tracking import spooled_runs
from pipeline.training.family import clear_models
from pipeline.training.timing import Phase

PARTS = (Phase.PROGRESS, Phase.TRACKING, Phase.PICTURES, Phase.CHECKPOINT)


class Clock:
    """Timers that keep the span of every phase, in seconds that do not pass while the process is stopped.

    Before every `stop_every` steps, where that is given, the process stops itself, threads and all.
    """

    def __init__(self, stop_every: int | None = None) -> None:
        self.spans: dict[Phase, list[tuple[float, float]]] = defaultdict(list)
        self._stop_every, self._stopped = stop_every, 0.0

    def now(self) -> float:
        """Returns the seconds of `time.perf_counter` but for those in which the process was stopped."""
        return time.perf_counter() - self._stopped

    @contextmanager
    def __call__(self, phase: Phase) -> Iterator[None]:
        """Times a phase."""
        if phase == Phase.STEP and self._stop_every and len(self.spans[phase]) % self._stop_every == 0:
            stopped = time.perf_counter()
            os.kill(os.getpid(), signal.SIGSTOP)
            self._stopped += time.perf_counter() - stopped
        started = self.now()
        yield
        self.spans[phase].append((started, self.now()))

    def seconds(self, phase: Phase, since: float = 0.0) -> list[float]:
        """Returns the length of each span of a phase that began since a time."""
        return [end - start for start, end in self.spans[phase] if start >= since]


def early_seconds(pictures: Sequence[float], reports: int) -> float:
    """Returns the seconds of early samples, which come once a training; each report draws a picture of its own."""
    return sum(pictures) * (1 - reports / len(pictures))


def train_whole(words: Sequence[str], clock: Clock) -> Answer:
    """Trains as the command does; returns what `benchmarks.overhead.Round` has, and the `seconds` from start to end.

    Neither the first step counts, which is compiled, nor the first report, in whose place the last is taken. Early
    samples belong to what comes once.
    """
    from pipeline import train

    began = clock.now()
    train.train(compose_settings(words), Job("pipeline.train", tuple(words)), timers=clock)
    ended = clock.now()
    first, finish = clock.spans[Phase.STEP][0], clock.spans[Phase.FINISH][0][0]
    steps, reports = clock.seconds(Phase.STEP)[1:], clock.seconds(Phase.EVALUATION)
    parts = {phase.value: sum(clock.seconds(phase, since=first[1])) for phase in PARTS}
    early = early_seconds(clock.seconds(Phase.PICTURES, since=first[1]), len(reports))
    parts[Phase.PICTURES.value] -= early
    return {
        "steps": steps,
        "evaluation": reports[-1] * len(reports),
        "between": finish - first[1] - sum(steps) - sum(reports) - early,
        "once": first[0] - clock.spans[Phase.BUILD][0][1] + ended - finish + early,
        "parts": parts,
        "memory": peak_memory(),
        "seconds": ended - began,
    }


def train_bare(words: Sequence[str], clock: Clock) -> Answer:
    """Takes the same steps and does nothing else; `steps` are the seconds of each but the first."""
    training = ours.build({"words": words})
    for step in range(compose_settings(words).model.steps):
        with clock(Phase.STEP):
            training.take_step(step)
    return {"steps": clock.seconds(Phase.STEP)[1:]}


def answer(request: Answer) -> Answer:
    """Trains, `whole` or bare; `direct` sends calls to a server at once, as to a store of this machine."""
    if request.get("direct"):
        spooled_runs.is_server = lambda uri: False  # type: ignore[attr-defined]
    clear_models()
    train = train_whole if request["whole"] else train_bare
    return train(request["words"], Clock(request.get("stop_every")))
