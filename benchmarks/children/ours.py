"""Child process: the pipeline's own training, a block of steps at a time; more than one training may be alive."""

from collections import deque
from functools import partial
from typing import Any

from benchmarks.children.serving import Answer, answer_steps, time_call
from pipeline.settings.overrides import compose_settings

_measured: dict[tuple[str, ...], Any] = {}  # on a GPU, by the words that set them


def build(request: Answer) -> Any:
    """Builds the training that the request's words set."""
    import pipeline.models  # noqa: F401
    from pipeline.data.dataset_file import read_splits
    from pipeline.training.devices import resolve_compute
    from pipeline.training.family import build_training, find_family

    settings = resolve_compute(compose_settings(request["words"]), report=print)
    splits = read_splits(settings.data)
    return build_training(find_family(settings.family), settings, splits)


def answer_on_gpu(request: Answer) -> Answer:
    """Measures one training on the machine's GPU: `gpu` is its name, and the rest seconds; None without one, and why.

    They are of its first step and of steps several a call. A second request, for the `whole`, takes all steps once
    more, with the family's own reports, without a judge, tracking or files.
    """
    from pipeline.training.devices import find_gpu, find_hint

    if request["whole"]:
        return {"whole": _time_whole(request)}
    if not (gpu := find_gpu()) and not request["smoke"]:
        return {"gpu": None, "hint": find_hint()}
    training = _measured[tuple(request["words"])] = build(request)
    count = training.steps_per_call
    found: Answer = {"gpu": gpu, "per_call": count, "first": time_call(partial(training.take_steps, 0, 1))}
    training.take_steps(1, count)  # The first call of several steps is traced.
    several = partial(training.take_steps, 1, count)
    found["several"] = [time_call(several) / count for _ in range(request["calls"])]
    return found


def _time_whole(request: Answer) -> float:
    from pipeline.training.history import History
    from pipeline.training.loop import Plan, run_steps

    training, model = _measured[tuple(request["words"])], compose_settings(request["words"]).model
    steps = run_steps(training, Plan(model.steps, model.report_every, 10, checkpoint_seconds=60), History())
    return time_call(partial(deque, steps, maxlen=0))


_answer_steps = answer_steps(build)


def answer(request: Answer) -> Answer:
    """Takes so many `steps`, or measures a training on a GPU."""
    return _answer_steps(request) if "steps" in request else answer_on_gpu(request)
