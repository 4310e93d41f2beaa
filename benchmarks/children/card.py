"""Child process: one training on the machine's GPU; its first step, steps one a call and several, and all of them."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks.children import ours
from benchmarks.measuring.serving import Answer, serve
from pipeline.settings.overrides import compose_settings


def answer(request: Answer) -> Answer:
    """Measures the training that `words` set: `gpu` is its name, None without one, and the rest seconds."""
    from pipeline.training.devices import find_gpu

    if not (gpu := find_gpu()) and not request["smoke"]:
        return {"gpu": None}
    training, calls = ours.build(request), range(request["calls"])
    count = training.steps_per_call
    found: dict[str, Any] = {"gpu": gpu, "per_call": count, "first": _seconds(lambda: training.take_steps(0, 1))}
    training.take_steps(1, count)  # The first call of several steps is traced.
    found["single"] = [_seconds(lambda: training.take_steps(1, 1)) for _ in calls]
    found["several"] = [_seconds(lambda: training.take_steps(1, count)) / count for _ in calls]
    return found | ({"whole": _seconds(lambda: _train(training, request))} if request["whole"] else {})


def _train(training: Any, request: Answer) -> None:
    """Takes all steps once more and makes the family's own reports, without a judge, tracking or files."""
    from pipeline.training.history import History
    from pipeline.training.loop import Plan, run_steps

    model = compose_settings(request["words"]).model
    for _ in run_steps(training, Plan(model.steps, model.report_every, 10, checkpoint_seconds=60), History()):
        pass


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    serve(answer)
