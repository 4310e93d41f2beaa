"""The loop over steps: it yields what happens and knows nobody who listens."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.settings.errors import PipelineError
from pipeline.training.family import Measured, Report, Training, Values
from pipeline.training.history import History, Point
from pipeline.training.timing import Phase, Timers, untimed

Measure = Callable[[Training], Measured]


class DivergedError(PipelineError):
    """A loss, in training or in a report, is not a number any more."""


@dataclass(frozen=True)
class Plan:
    """How long a training is and how often it tells.

    Attributes:
        steps: Steps of the whole training, those already taken included.
        report_every: Steps between two reports; the last step always reports.
        losses_every: Steps a point of the training losses is the mean of.
        checkpoint_seconds: Seconds between two checkpoints at most, but for the length of a step or a report; the end
            is one, too.
    """

    steps: int
    report_every: int
    losses_every: int
    checkpoint_seconds: float

    def report_is_due(self, history: History) -> bool:
        """Tells whether the step that `history` ends with is to be reported and is not yet."""
        step = history.step
        return history.reported < step and (step % self.report_every == 0 or step >= self.steps)

    def is_done(self, history: History) -> bool:
        """Tells whether nothing is left to do."""
        return history.step >= self.steps and not self.report_is_due(history)


@dataclass(frozen=True)
class Step:
    """One step is done."""

    step: int
    losses: Values


@dataclass(frozen=True)
class Points:
    """Figures to be logged."""

    points: list[Point]


@dataclass(frozen=True)
class Reported:
    """A report is due.

    Attributes:
        report: What the family has to tell.
        recent: Mean training losses since the last report.
        best: Whether it is the best report so far.
        measured: What the judge says; none where nobody asked it.
    """

    report: Report
    recent: Values
    best: bool
    measured: Measured | None = None


@dataclass(frozen=True)
class CheckpointDue:
    """The state at this moment wants to be written."""


Event = Step | Points | Reported | CheckpointDue


def run_steps(
    training: Training,
    plan: Plan,
    history: History,
    measure: Measure | None = None,
    *,
    timers: Timers = untimed,
) -> Iterator[Event]:
    """Trains from where `history` ends to the plan's end.

    Args:
        training: What is trained; it is moved.
        plan: Length and rhythm.
        history: The figures so far; it is extended.
        measure: What is asked at each report how good the digits are; where the family's own report has no score, this
            one's decides which report is the best.
        timers: What steps and evaluations are timed by.

    Yields:
        Events, in order. Whoever listens writes the checkpoint when it is due, before asking for the next event.

    Raises:
        DivergedError: A loss is not finite.
    """
    saved = time.monotonic()
    while not plan.is_done(history):
        if plan.report_is_due(history):
            yield from _report(training, plan, history, measure, timers)
        else:
            yield from _step(training, plan, history, timers)
        if plan.is_done(history) or time.monotonic() - saved >= plan.checkpoint_seconds:
            yield CheckpointDue()
            saved = time.monotonic()


def _step(training: Training, plan: Plan, history: History, timers: Timers) -> Iterator[Event]:
    with timers(Phase.STEP):
        losses = training.take_step(history.step)
    _refuse_infinite(losses, history.step + 1)
    history.add(losses)
    yield Step(history.step, losses)
    if history.step % plan.losses_every == 0 or plan.report_is_due(history):
        yield Points(history.close_window())


def _report(
    training: Training, plan: Plan, history: History, measure: Measure | None, timers: Timers
) -> Iterator[Event]:
    last_report = (history.step - 1) // plan.report_every * plan.report_every
    recent = history.mean_since(last_report, "train/")
    with timers(Phase.EVALUATION):
        report = training.report(history.step, recent)
        _refuse_infinite(report.values, history.step)
        measured = measure(training) if measure else None
    values, score = dict(report.values), report.score
    if measured:
        _refuse_infinite(measured.values, history.step)
        values |= measured.values | measured.floors
        score = measured.score if score is None else score
    points = history.record(values)
    history.reported = history.step
    best = score is not None and history.improve(score, judged=report.score is None)
    yield Reported(report, recent, best=best, measured=measured)
    yield Points(points)


def _refuse_infinite(figures: Mapping[str, float], steps: int) -> None:
    for key, value in figures.items():
        if not math.isfinite(value):
            raise DivergedError(
                f"the training has diverged: {key} is {value} after {steps} steps. "
                "Lower the learning rates, or choose other weights."
            )
