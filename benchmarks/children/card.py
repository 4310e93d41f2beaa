"""Child process: one training on the machine's GPU; its first step, steps several a call, and all of them."""

from functools import partial
from typing import Any

from benchmarks.children import ours
from benchmarks.measuring.serving import Answer, serve, time_call
from pipeline.settings.overrides import compose_settings


def answer(request: Answer) -> Answer:
    """Measures the training that `words` set: `gpu` is its name, None without one, and the rest seconds."""
    from pipeline.training.devices import find_gpu

    if not (gpu := find_gpu()) and not request["smoke"]:
        return {"gpu": None}
    training = ours.build(request)
    count = training.steps_per_call
    found: Answer = {"gpu": gpu, "per_call": count, "first": time_call(partial(training.take_steps, 0, 1))}
    training.take_steps(1, count)  # The first call of several steps is traced.
    several = partial(training.take_steps, 1, count)
    found["several"] = [time_call(several) / count for _ in range(request["calls"])]
    return found | ({"whole": time_call(partial(_train, training, request))} if request["whole"] else {})


def _train(training: Any, request: Answer) -> None:
    """Takes all steps once more and makes the family's own reports, without a judge, tracking or files."""
    from pipeline.training.history import History
    from pipeline.training.loop import Plan, run_steps

    model = compose_settings(request["words"]).model
    for _ in run_steps(training, Plan(model.steps, model.report_every, 10, checkpoint_seconds=60), History()):
        pass


if __name__ == "__main__":
    serve(answer)
