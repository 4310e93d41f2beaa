"""Steps of trainings of many sizes, in child processes that are asked by turns."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from statistics import mean
from typing import Any

from benchmarks.measuring.children import Child
from benchmarks.measuring.results import Row
from benchmarks.measuring.turns import by_turns, ratios

OURS = "benchmarks.steps.ours"
BATCHES = (25, 50, 100, 200, 400, 800, 1600)
WIDTHS: Mapping[float, str] = {0.5: "[192,96,48]", 1: "[384,192,96]", 2: "[768,384,192]"}
THREADS = (1, 2)
KINDS_OF_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
WARM_STEPS = 1

Curve = list[tuple[float, Row]]


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: How often each has its turn.
        steps: Steps a turn.
        overrides: Settings of every training.
    """

    rounds: int
    steps: int
    overrides: tuple[str, ...] = ()


def threads(count: int) -> dict[str, str]:
    """Gives what a process is told so that it computes on so many threads."""
    return dict.fromkeys(KINDS_OF_THREADS, str(count))


def over_steps(size: Size) -> dict[str, Curve]:
    """Measures whether later steps cost more, in time and memory, in one long training: ten blocks of steps."""
    blocks = 10
    with Child(OURS) as child:
        child.ask(words=list(size.overrides), steps=WARM_STEPS)
        answers = [child.ask(steps=size.rounds * size.steps) for _ in range(blocks)]
    ends = [size.rounds * size.steps * (number + 1) for number in range(blocks)]
    seconds = [Row.of(f"a step, up to step {end}", answer["seconds"], unit="s") for end, answer in _with(ends, answers)]
    memory = [
        Row.of(f"peak memory, up to step {end}", [answer["memory"] / 1e9], unit="GB")
        for end, answer in _with(ends, answers)
    ]
    return {"seconds": _curve(ends, seconds), "memory": _curve(ends, memory)}


def over_batches(size: Size, batches: Sequence[int] = BATCHES) -> dict[str, Curve]:
    """Measures steps of many batch sizes.

    Args:
        size: How much is measured.
        batches: Their sizes; the memory of each is measured in a process of its own.
    """
    words = {batch: [*size.overrides, f"acgan.batch_size={batch}"] for batch in batches}
    memory = [Row.of(f"batch {batch}: peak memory", [_peak(words[batch])], unit="GB") for batch in batches]
    with Child(OURS) as child:
        for each in words.values():
            child.ask(words=each, steps=WARM_STEPS)
        measures = {batch: partial(_seconds, child, words[batch], fewer(size, batch)) for batch in batches}
        found = by_turns(measures, size.rounds)
    seconds = [Row.of(f"batch {batch}: a step", found[batch], unit="s") for batch in batches]
    speeds = [[batch / value for value in found[batch]] for batch in batches]
    speed = [
        Row.of(f"batch {batch}: speed", each, unit="images/s") for batch, each in zip(batches, speeds, strict=True)
    ]
    return {
        "seconds": _curve(batches, seconds),
        "speed": _curve(batches, speed),
        "memory": _curve(batches, memory),
    }


def fewer(size: Size, batch: int) -> Size:
    """Gives fewer steps a turn, one at least, to batches above 200, whose steps take seconds each."""
    return replace(size, steps=max(1, min(size.steps, size.steps * 200 // batch)))


def over_widths(size: Size, widths: Mapping[float, str] = WIDTHS) -> dict[str, Curve]:
    """Measures steps with generators of fewer and more filters.

    Args:
        size: How much is measured.
        widths: Times the published filters → the filters.
    """
    words = {width: [*size.overrides, f"acgan.generator.filters={filters}"] for width, filters in widths.items()}
    with Child(OURS) as child:
        for each in words.values():
            child.ask(words=each, steps=WARM_STEPS)
        found = by_turns({width: partial(_seconds, child, words[width], size) for width in widths}, size.rounds)
    rows = [Row.of(f"generator ×{width:g}: a step", found[width], unit="s") for width in widths]
    return {"seconds": _curve(list(widths), rows)}


def over_threads(size: Size) -> dict[str, Curve]:
    """Measures steps on one thread and two, and two trainings at once with a thread each against one with two."""
    words = list(size.overrides)
    with ExitStack() as into:
        children = {
            count: [into.enter_context(Child(OURS, environment=threads(count))) for _ in range(3 - count)]
            for count in THREADS
        }
        (first, second), (both,) = children[1], children[2]
        for child in (first, second, both):
            child.ask(words=words, steps=WARM_STEPS)
        measures: dict[str, Callable[[], float]] = {
            "one": partial(_seconds, first, words, size),
            "two": partial(_seconds, both, words, size),
            "apart": partial(_at_once, (first, second), words, size),
        }
        found = by_turns(measures, size.rounds)
    rows = [
        Row.of("1 thread: a step", found["one"], unit="s"),
        Row.of("2 threads: a step", found["two"], unit="s"),
    ]
    apart = Row.of("1 thread, another training beside it: a step", found["apart"], unit="s")
    doubled = [2 * value for value in ratios(found["two"], found["apart"])]
    gain = Row.of("steps of two trainings side by side against one after the other", doubled, unit="ratio")
    return {"seconds": _curve(THREADS, rows), "side by side": [(1, apart), (2, gain)]}


def _peak(words: list[str]) -> float:
    with Child(OURS) as child:
        return float(child.ask(words=words, steps=WARM_STEPS + 1)["memory"]) / 1e9


def _seconds(child: Child, words: list[str], size: Size) -> float:
    return _mean(child.ask(words=words, steps=size.steps))


def _at_once(children: Sequence[Child], words: list[str], size: Size) -> float:
    for child in children:
        child.tell(words=words, steps=size.steps)
    return max(_mean(child.on_event()) for child in children)


def _mean(answer: dict[str, Any]) -> float:
    return mean(map(float, answer["seconds"]))


def _with(ends: Sequence[int], answers: Sequence[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return list(zip(ends, answers, strict=True))


def _curve(places: Sequence[float], rows: Sequence[Row]) -> Curve:
    return list(zip(places, rows, strict=True))
