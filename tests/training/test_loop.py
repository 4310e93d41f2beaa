"""Tests of the loop: which events come, in which order, and where it stops."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.keys import Key
from pipeline.training.family import Parts, Report, ReportQuality, Score, Training, Values
from pipeline.training.history import History, Point
from pipeline.training.loop import CheckpointDue, DivergedError, Event, Plan, Points, ReportMade, Step, run_steps

NEVER = 1e9
ALWAYS = 0.0
LOSS = Key.parse("train/loss")


@dataclass
class Counting(Training):
    """The smallest training: its loss at step n, counted from 0, is n + 1 by default."""

    loss: Callable[[int], float] = lambda step: step + 1.0
    score: Callable[[int], float | None] = lambda step: -float(step)
    recent: list[Values] = field(default_factory=list)
    images_per_step: int = 1
    images_per_epoch: int = 10
    steps_per_call: int = 1
    calls: list[tuple[int, int]] = field(default_factory=list)

    def take_steps(self, step: int, count: int) -> list[Values]:
        self.calls.append((step, count))
        return [{Key.parse("train/loss"): self.loss(number)} for number in range(step, step + count)]

    def report(self, step: int, recent: Values) -> Report:
        self.recent.append(recent)
        score = self.score(step)
        return Report(
            step, {Key.parse("heldout/loss"): 0.0 if score is None else score}, None if score is None else (score,)
        )

    def samples(self) -> NDArray[np.float32]:
        return np.zeros((1, 1, 28, 28), np.float32)

    def variables(self) -> dict[str, keras.Variable]:
        return {}

    def parts(self) -> Parts:
        return {}


def _plan(steps: int, *, report_every: int = 100, losses_every: int = 100, checkpoint_seconds: float = NEVER) -> Plan:
    return Plan(steps, min(report_every, steps), losses_every, checkpoint_seconds)


def _names(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def _reported(events: list[Event]) -> list[int]:
    return [event.report.step for event in events if isinstance(event, ReportMade)]


def test_a_report_follows_its_step_and_a_checkpoint_ends_the_training() -> None:
    events = list(run_steps(Counting(), _plan(2, report_every=2), History()))
    assert _names(events) == ["Step", "Step", "Points", "ReportMade", "Points", "CheckpointDue"]
    assert events[0] == Step(1, {Key.parse("train/loss"): 1.0})
    assert events[2] == Points([Point(Key.parse("train/loss"), 1.5, 2)])
    assert events[4] == Points([Point(Key.parse("heldout/loss"), -2.0, 2)])


def test_the_last_step_reports_also_where_the_rhythm_does_not_divide_it() -> None:
    assert _reported(list(run_steps(Counting(), _plan(10, report_every=4), History()))) == [4, 8, 10]
    assert _reported(list(run_steps(Counting(), _plan(8, report_every=4), History()))) == [4, 8]


def test_a_call_goes_past_no_report_and_not_past_the_last_step() -> None:
    training = Counting(steps_per_call=4)
    list(run_steps(training, _plan(15, report_every=6), History(step=1)))
    assert training.calls == [(1, 4), (5, 1), (6, 4), (10, 2), (12, 3)]


def test_a_call_ends_where_early_samples_are_drawn_so_that_they_show_their_own_step() -> None:
    training, history = Counting(steps_per_call=4), History()
    plan = Plan(steps=9, report_every=9, losses_every=100, checkpoint_seconds=NEVER, early_samples=(3, 1, 50))
    drawn = [training.calls[-1] for event in run_steps(training, plan, history) if event == Step(3, {LOSS: 3.0})]
    assert (drawn, training.calls) == ([(1, 2)], [(0, 1), (1, 2), (3, 4), (7, 2)])


def test_calls_of_several_steps_have_the_events_of_single_steps() -> None:
    one, several = (
        list(run_steps(Counting(steps_per_call=steps), _plan(10, report_every=6, losses_every=3), History()))
        for steps in (1, 4)
    )
    assert [replace(event, ahead=0) if isinstance(event, Step) else event for event in several] == one
    assert [event.ahead for event in several if isinstance(event, Step)] == [3, 2, 1, 0, 1, 0, 3, 2, 1, 0]


def test_a_checkpoint_is_due_between_calls_alone() -> None:
    training, saved, history = Counting(steps_per_call=4), [], History()
    for event in run_steps(training, _plan(9, report_every=6, checkpoint_seconds=ALWAYS), history):
        if isinstance(event, CheckpointDue):
            saved.append((history.step, history.reported))
    assert saved == [(4, 0), (6, 0), (6, 6), (9, 6), (9, 9)]


def test_a_loss_that_is_no_number_stops_a_call_of_several_steps_at_its_own_step() -> None:
    history = History()
    training = Counting(loss=lambda step: math.nan if step == 2 else 1.0, steps_per_call=4)
    with pytest.raises(DivergedError, match="train/loss is nan after 3 steps"):
        list(run_steps(training, _plan(5), history))
    assert (history.step, training.calls) == (2, [(0, 4)])


def test_losses_come_as_means_of_as_many_steps_as_asked_and_end_with_a_report() -> None:
    history = History()
    list(run_steps(Counting(), _plan(7, report_every=5, losses_every=2), history))
    points = [point for point in history.points if point.key == Key.parse("train/loss")]
    assert points == [
        Point(Key.parse("train/loss"), value, step) for value, step in ((1.5, 2), (3.5, 4), (5, 5), (6, 6), (7, 7))
    ]


def test_a_report_gets_the_mean_of_every_step_since_the_last_report() -> None:
    training = Counting()
    list(run_steps(training, _plan(10, report_every=4, losses_every=3), History()))
    means = [{Key.parse("train/loss"): pytest.approx(mean)} for mean in (2.5, 6.5, 9.5)]
    assert training.recent == means


def test_a_checkpoint_is_due_after_every_step_and_report_when_the_time_is_up() -> None:
    names = _names(list(run_steps(Counting(), _plan(4, report_every=2, checkpoint_seconds=ALWAYS), History())))
    after = [name for name, following in pairwise(names) if following == "CheckpointDue"]
    assert after == ["Step", "Points", "Points", "Step", "Points", "Points"]
    assert names[-1] == "CheckpointDue"


def test_a_checkpoint_is_due_at_the_end_alone_while_the_time_is_not_up() -> None:
    names = _names(list(run_steps(Counting(), _plan(5, report_every=2), History())))
    assert names.count("ReportMade") == 3
    assert names.index("CheckpointDue") == len(names) - 1


def test_only_the_best_report_so_far_is_called_the_best() -> None:
    scores = {2: 3.0, 4: 5.0, 6: 1.0}
    history = History()
    events = list(run_steps(Counting(score=lambda step: scores[step]), _plan(6, report_every=2), history))
    assert [event.best for event in events if isinstance(event, ReportMade)] == [True, False, True]
    assert (history.best_step, history.best_score) == (6, (1.0,))


def test_nothing_happens_where_the_history_is_as_long_as_the_plan() -> None:
    assert list(run_steps(Counting(), _plan(5), History(step=5, reported=5))) == []


def test_a_report_that_an_interruption_prevented_is_made_up_for_before_the_next_step() -> None:
    events = list(run_steps(Counting(), _plan(6, report_every=5), History(step=5)))
    assert _reported(events) == [5, 6]
    assert _names(events).index("ReportMade") < _names(events).index("Step")


def test_a_report_without_a_score_is_never_the_best() -> None:
    history = History()
    events = list(run_steps(Counting(score=lambda _: None), _plan(4, report_every=2), history))
    assert [event.best for event in events if isinstance(event, ReportMade)] == [False, False]
    assert (history.best_step, history.best_score) == (None, None)


def measure(figures: dict[int, tuple[float, float]], *, selecting: bool = True) -> Callable[[Training], ReportQuality]:
    """A judge that gives the figures of step 2, 4, … one after the other."""
    coming = iter(figures.values())

    def next_figures(_: Training) -> ReportQuality:
        distance, coverage = next(coming)
        score: Score | None = (distance, -coverage) if selecting else None
        return ReportQuality(
            {Key.parse("heldout/distance"): distance, Key.parse("heldout/coverage"): coverage},
            {Key.parse("reference/distance"): 0.3},
            score,
        )

    return next_figures


def test_the_judge_decides_without_a_score_and_the_second_number_breaks_ties() -> None:
    figures = {2: (5.0, 0.9), 4: (4.0, 0.1), 6: (4.0, 0.2), 8: (4.0, 0.2), 10: (4.5, 1.0)}
    history = History()
    unscored = Counting(score=lambda _: None)
    events = list(run_steps(unscored, _plan(10, report_every=2), history, measure(figures)))
    assert [event.best for event in events if isinstance(event, ReportMade)] == [True, True, True, False, False]
    assert (history.best_step, history.best_score) == (6, (4.0, -0.2))
    assert history.best_judged


def test_a_reports_own_score_decides_whatever_the_judge_says() -> None:
    scores, figures = {2: 3.0, 4: 1.0, 6: 2.0}, {2: (5.0, 0.9), 4: (9.0, 0.1), 6: (1.0, 0.9)}
    history = History()
    scored = Counting(score=lambda step: scores[step])
    events = list(run_steps(scored, _plan(6, report_every=2), history, measure(figures)))
    assert [event.best for event in events if isinstance(event, ReportMade)] == [True, True, False]
    assert (history.best_step, history.best_score) == (4, (1.0,))
    assert not history.best_judged
    assert history.curves()[Key.parse("heldout/distance")][1].tolist() == [5.0, 9.0, 1.0]


def test_figures_and_their_references_are_points_of_the_report_and_of_the_history() -> None:
    history = History()
    events = list(run_steps(Counting(), _plan(2, report_every=2), history, measure({2: (5.0, 0.9)})))
    points = [
        Point(Key.parse("heldout/loss"), -2.0, 2),
        Point(Key.parse("heldout/distance"), 5.0, 2),
        Point(Key.parse("heldout/coverage"), 0.9, 2),
    ]
    assert events[-2] == Points([*points, Point(Key.parse("reference/distance"), 0.3, 2)])
    assert history.points[-4:] == [*points, Point(Key.parse("reference/distance"), 0.3, 2)]
    (report,) = (event for event in events if isinstance(event, ReportMade))
    assert report.measured is not None
    assert report.measured.values == {Key.parse("heldout/distance"): 5.0, Key.parse("heldout/coverage"): 0.9}


def test_a_training_that_may_select_nothing_is_measured_all_the_same() -> None:
    history = History()
    unscored = Counting(score=lambda _: None)
    list(run_steps(unscored, _plan(2, report_every=2), history, measure({2: (5.0, 0.9)}, selecting=False)))
    assert (history.best_step, history.best_score) == (None, None)
    assert history.curves()[Key.parse("heldout/distance")][1].tolist() == [5.0]


def test_a_figure_of_the_judge_that_is_no_number_stops_the_training() -> None:
    with pytest.raises(DivergedError, match="heldout/distance is nan after 2 steps"):
        list(run_steps(Counting(), _plan(4, report_every=2), History(), measure({2: (math.nan, 0.9)})))


def test_it_goes_on_with_the_step_after_the_last_of_the_history() -> None:
    events = list(run_steps(Counting(), _plan(5), History(step=3)))
    assert [event for event in events if isinstance(event, Step)] == [
        Step(4, {Key.parse("train/loss"): 4.0}),
        Step(5, {Key.parse("train/loss"): 5.0}),
    ]


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_stops_the_training_at_its_step(loss: float) -> None:
    history = History()
    events = run_steps(Counting(loss=lambda step: loss if step == 2 else 1.0), _plan(5), history)
    with pytest.raises(DivergedError, match=rf"the training has diverged: train/loss is {loss} after 3 steps\."):
        list(events)
    assert history.step == 2
    assert "\n" not in str(DivergedError())


def test_a_report_that_is_no_number_stops_the_training_before_it_is_called_the_best() -> None:
    history = History()
    events: list[Event] = []
    with pytest.raises(DivergedError, match="heldout/loss is nan after 4 steps"):
        events.extend(
            run_steps(Counting(score=lambda step: math.nan if step == 4 else 1.0), _plan(6, report_every=2), history)
        )
    assert (history.best_step, history.best_score) == (2, (1.0,))
