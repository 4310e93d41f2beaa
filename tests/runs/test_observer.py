"""What the observer of a training logs beside the training's own figures."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.data.keys import Key
from pipeline.runs import observer
from pipeline.runs.observer import IMAGES_PER_SECOND, TrainingObserver
from pipeline.training.history import History, Point
from pipeline.training.loop import Plan, run_steps
from tests.composing import settings_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("steps_per_call", [1, 4])
@pytest.mark.parametrize("losses_every", [2, 3])
def test_the_speed_is_that_of_whole_calls_whenever_their_losses_are_logged(
    monkeypatch: pytest.MonkeyPatch, steps_per_call: int, losses_every: int
) -> None:
    clock, logged = SimpleNamespace(now=100.0), list[Point]()
    monkeypatch.setattr(observer, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def take_steps(_: int, count: int) -> list[dict[Key, float]]:
        clock.now += 2.0 * count
        return [{Key.parse("train/loss"): 1.0}] * count

    training: Any = SimpleNamespace(
        take_steps=take_steps, steps_per_call=steps_per_call, images_per_step=5, images_per_epoch=100
    )
    run, folder, history = SimpleNamespace(log=logged.extend), SimpleNamespace(), History()
    watching: Any = TrainingObserver(training, history, folder=folder, run=run, settings=settings_of())  # type: ignore[arg-type]
    plan = Plan(steps=12, report_every=50, losses_every=losses_every, checkpoint_seconds=1e9)
    with watching.progress("", "validation"):
        for event in run_steps(training, plan, history):
            if history.step == 12:
                break
            watching.on_event(event)
    speeds = [point for point in logged if point.key == IMAGES_PER_SECOND]
    assert {point.value for point in speeds} == {2.5}
    assert len(speeds) == len({point.step for point in speeds}) >= 2
