"""The loop over steps, which yields events and knows no observer."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.data.keys import TRAIN, Key
from pipeline.settings.errors import PipelineError
from pipeline.training.family import Report, ReportQuality, Training, Values
from pipeline.training.history import History, Point
from pipeline.training.timing import Phase, Timers, untimed

Evaluator = Callable[[Training], ReportQuality]


class DivergedError(PipelineError):
    """A loss, in training or in a report, or a number of the state is not finite."""


@dataclass(frozen=True)
class Plan:
    """The length of a training and the intervals of its events.

    Attributes:
        steps: Steps of the whole training, with those already taken.
        report_every: Steps between two reports; the last step is always reported.
        losses_every: Steps between two points of the training losses, each the mean over those steps.
        checkpoint_seconds: Longest time between two checkpoints, apart from the length of a call of steps or a report.
            The end of the training is a checkpoint too.
        early_samples: Steps after which samples are drawn at once, so that a call must end there.
    """

    steps: int
    report_every: int
    losses_every: int
    checkpoint_seconds: float
    early_samples: tuple[int, ...] = ()

    def report_is_due(self, history: History) -> bool:
        """Whether the last step of `history` needs a report and has none."""
        step = history.step
        return history.reported < step and (step % self.report_every == 0 or step >= self.steps)

    def steps_ahead(self, step: int) -> int:
        """Steps after `step` until the next report, which may be that of the last step, or the next early samples."""
        early = [sampled - step for sampled in self.early_samples if sampled > step]
        return min(self.steps - step, self.report_every - step % self.report_every, *early)

    def is_done(self, history: History) -> bool:
        """Whether all steps are taken and the last one is reported."""
        return history.step >= self.steps and not self.report_is_due(history)


@dataclass(frozen=True)
class Step:
    """A step was taken; `ahead` further ones have been taken in the same call, whose events follow."""

    step: int
    losses: Values
    ahead: int = 0


@dataclass(frozen=True)
class Points:
    """Values of metrics are ready to be logged."""

    points: list[Point]


@dataclass(frozen=True)
class ReportMade:
    """A report was made.

    Attributes:
        report: The family's own report.
        recent: Mean training losses since the last report.
        best: Whether it is the best report so far.
        measured: The judge's measures; None without a judge.
    """

    report: Report
    recent: Values
    best: bool
    measured: ReportQuality | None = None


@dataclass(frozen=True)
class CheckpointDue:
    """The current state must be written as a checkpoint."""


Event = Step | Points | ReportMade | CheckpointDue


def never() -> bool:
    """No checkpoint is due before its time."""
    return False


def run_steps(
    training: Training,
    plan: Plan,
    history: History,
    measure: Evaluator | None = None,
    *,
    due: Callable[[], bool] = never,
    timers: Timers = untimed,
) -> Iterator[Event]:
    """Trains from the end of `history`, which is extended, to the end of the plan.

    Args:
        training: The composition in training; its variables change.
        plan: The length of the training and the intervals of its events.
        history: The metrics so far.
        measure: Measures the digits at each report. Its score chooses the best report if the family's own report has
            no score.
        due: Whether a checkpoint is due before its time, as before the training is stopped or a judge is trained.
        timers: Timers of steps and evaluations.

    Yields:
        Events, in order. The caller writes a checkpoint when it is due, before it asks for the next event.

    Raises:
        DivergedError: A loss, or a number of the state at a report or checkpoint, is not finite.
    """
    saved = time.monotonic()
    while not plan.is_done(history):
        if plan.report_is_due(history):
            yield from _report(training, plan, history, measure, timers)
        else:
            yield from _steps(training, plan, history, timers)
        if plan.is_done(history) or due() or time.monotonic() - saved >= plan.checkpoint_seconds:
            _refuse_infinite_state(training, history.step)
            yield CheckpointDue()
            saved = time.monotonic()


def _steps(training: Training, plan: Plan, history: History, timers: Timers) -> Iterator[Event]:
    count = min(training.steps_per_call, plan.steps_ahead(history.step))
    with timers(Phase.STEP):
        taken = training.take_steps(history.step, count)
    for ahead, losses in zip(reversed(range(count)), taken, strict=True):
        _refuse_infinite(losses, history.step + 1)
        history.add(losses)
        yield Step(history.step, losses, ahead)
        if history.step % plan.losses_every == 0 or plan.report_is_due(history):
            yield Points(history.close_window())


def _report(
    training: Training, plan: Plan, history: History, measure: Evaluator | None, timers: Timers
) -> Iterator[Event]:
    _refuse_infinite_state(training, history.step)
    last_report = (history.step - 1) // plan.report_every * plan.report_every
    recent = history.mean_since(last_report, TRAIN)
    with timers(Phase.EVALUATION):
        report = training.report(history.step, recent)
        _refuse_infinite(report.values, history.step)
        measured = measure(training) if measure else None
    values, score = dict(report.values), report.score
    if measured:
        _refuse_infinite(measured.values, history.step)
        values |= measured.values | measured.references
        score = measured.score if score is None else score
    points = history.record(values)
    history.reported = history.step
    best = score is not None and history.improve(score, judged=report.score is None)
    yield ReportMade(report, recent, best=best, measured=measured)
    yield Points(points)


def _refuse_infinite(values: Mapping[Key, float], steps: int) -> None:
    for key, value in values.items():
        if not math.isfinite(value):
            raise _diverged(str(key), value, steps)


def _refuse_infinite_state(training: Training, steps: int) -> None:
    for name, variable in training.variables().items():
        array = variable.numpy()
        if array.dtype.kind not in "biu" and not (finite := np.isfinite(array)).all():
            raise _diverged(f"`{variable.path}` ({name}) of the state", array[~finite].flat[0], steps)


def _diverged(what: str, value: float, steps: int) -> DivergedError:
    return DivergedError(
        f"the training has diverged: {what} is {value} after {steps} steps. "
        "Lower the learning rates, or choose other weights."
    )
