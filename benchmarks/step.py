"""One training step, ours against the example's own way and PyTorch, and against what the machine can do.

Each way runs in a process of its own, which is asked for a few steps by turns. Every three rounds all are started anew,
since luck with memory, a few per cent, lasts as long as a process. The rate at which NumPy multiplies matrices is
measured once a round among them. The operations of a step are counted from the layers' shapes, convolutions as plain
sums: what takes fewer of them may pass the matrix product's rate.

PyTorch is no dependency: without it its rows are left out. `--torch PYTHON` names an interpreter that has it.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from statistics import mean, median
from typing import Any, NamedTuple

import numpy as np

from benchmarks.children.serving import time_call
from benchmarks.measuring import Benchmark, BenchmarkError, Goal, Panel, Results, Row, compare, counts, positive
from benchmarks.measuring.child import Child, by_turns, ratios, training_request

WARM_STEPS, ROUNDS_A_START = 2, 3
LIMIT, SPEED, SHARE = "NumPy's matrix product", "real images a second", "share of the matrix product's rate"
SHARE_OF_LIMIT = 0.8
PANELS = (Panel(SPEED), Panel(SHARE, bound=SHARE_OF_LIMIT))


class Way(NamedTuple):
    """One way to take a step: its name in tables, the process, its settings, its environment, the form of a peer."""

    title: str
    child: str = "ours"
    words: tuple[str, ...] = ("experiment=original",)
    environment: Mapping[str, str | None] | None = None
    mode: str = ""


WAYS: Mapping[str, Way] = {
    "example": Way("the example's own way", "example"),
    "example-plain": Way("the example without oneDNN", "example", environment={"TF_ENABLE_ONEDNN_OPTS": "0"}),
    "example-onednn": Way("the example with oneDNN", "example", environment={"TF_ENABLE_ONEDNN_OPTS": "1"}),
    "torch": Way("PyTorch, eager", "pytorch", mode="eager"),
    "torch-last": Way("PyTorch, eager, channels last", "pytorch", mode="channels-last"),
    "torch-compiled": Way("PyTorch, torch.compile", "pytorch", mode="compiled"),
    "original": Way("ours, original"),
    "default": Way("ours, default recipe", words=("acgan.batch_size=100",)),
    "default-own": Way("ours, default recipe at its own batch", words=()),
    "no-penalty": Way("the same without R1 and R2", words=("acgan.discriminator.gradient_penalty=0",)),
    "no-distance": Way("the same without energy distance", words=("acgan.generator.energy_distance=0",)),
    "no-likelihood": Way("the same without implicit likelihood", words=("acgan.generator.likelihood.weight=0",)),
}
PEERS = tuple(name for name, way in WAYS.items() if way.child == "pytorch")


@dataclass
class Samples:
    """A step's real images and operations, its seconds in each round, and the most bytes that its process held."""

    images: int
    operations: int
    seconds: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def speeds(self) -> list[float]:
        """Real images a second, one figure a round."""
        return [self.images / seconds for seconds in self.seconds]

    def shares(self, rates: Sequence[float]) -> list[float]:
        """Operations a second as a share of the matrix product's `rates`, round by round."""
        return ratios([self.operations / seconds for seconds in self.seconds], rates)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=positive, default=9, help="how often each way has its turn")
    parser.add_argument("--steps", type=positive, default=4, help="steps a turn")
    parser.add_argument("--only", action="append", choices=WAYS, help="again for another way; all by default")
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON", help="an interpreter that has PyTorch")


def measure(options: argparse.Namespace) -> Results:
    """Measures every way by turns."""
    text = f"One training step of the AC-GAN: medians over {options.rounds} rounds of {options.steps} steps."
    requests = {name: training_request(*WAYS[name].words, *options.overrides) for name in options.only or WAYS}
    with Child("benchmarks.children.arithmetic") as counting:
        work = {name: counting.ask(**request)["operations"] for name, request in requests.items()}
    found = {name: Samples(request["settings"]["batch_size"], work[name]) for name, request in requests.items()}
    rates: list[float] = []
    for first in range(0, options.rounds, ROUNDS_A_START):
        print(f"from round {first + 1} of {options.rounds}", flush=True)
        rates += _measure_rounds(requests, min(ROUNDS_A_START, options.rounds - first), options, found)
    whole = {name: samples for name, samples in found.items() if len(samples.seconds) == options.rounds}
    text += "".join(f" {WAYS[name].title} failed and is left out." for name in found if name not in whole)
    return Results(make_rows(whole, rates), find_goals(whole, rates, counts=counts(options)), text)


def matrix_rate(size: int = 2048, repeats: int = 5) -> float:
    """Returns the floating-point operations a second of NumPy's product of float32 matrices, the middle of some."""
    draw = np.random.default_rng(0)
    left, right = draw.random((size, size), np.float32), draw.random((size, size), np.float32)
    multiply = partial(np.matmul, left, right, out=left @ right)
    return 2 * size**3 / median(time_call(multiply) for _ in range(repeats))


def make_rows(found: Mapping[str, Samples], rates: Sequence[float]) -> list[Row]:
    """Returns the rows of all ways; `rates` are the matrix product's, one a round."""
    rows = [Row.of(f"{LIMIT}: rate", [rate / 1e9 for rate in rates], unit="GFLOP/s")]
    for name, samples in found.items():
        title = WAYS[name].title
        rows += [
            Row.of(f"{title}: a step", samples.seconds, unit="s"),
            Row.of(f"{title}: speed", samples.speeds, unit="images/s", panel=SPEED),
            Row.of(f"{title}: {SHARE}", samples.shares(rates), panel=SHARE),
            Row.of(f"{title}: peak memory", [samples.memory / 1e9], unit="GB"),
        ]
        if "example" in found:
            against = ratios(samples.speeds, found["example"].speeds)
            rows.append(Row.of(f"{title}: speed against the example's own way", against))
    return rows


def find_goals(found: Mapping[str, Samples], rates: Sequence[float], *, counts: bool) -> list[Goal]:
    """Compares what was found with what was to be reached; a goal whose ways were not run has no figure."""
    torch = min((name for name in PEERS if name in found), key=lambda name: median(found[name].seconds), default="")
    share = median(found["original"].shares(rates)) if "original" in found else None
    memory = max((found[name].memory / 1e9 for name in ("original", "default-own") if name in found), default=None)
    return compare(
        ("original against the example's own way", ">=", 2.0, _faster(found, "original", "example")),
        ("original against PyTorch's best", ">=", 1.5, _faster(found, "original", torch)),
        ("original: share of the matrix product's rate", ">=", SHARE_OF_LIMIT, share),
        ("default against original, both at batch 100", ">=", 1.6, _faster(found, "default", "original")),
        ("peak memory of steps, GB", "<", 1.5, memory),
        counts=counts,
    )


def _measure_rounds(
    requests: Mapping[str, Any], rounds: int, options: argparse.Namespace, found: Mapping[str, Samples]
) -> list[float]:
    """Starts a process a way and measures all of them by turns; returns the matrix product's rates."""
    measures: dict[str, Any] = {LIMIT: matrix_rate}
    with ExitStack() as stack:
        for name, request in requests.items():
            way, python = WAYS[name], options.torch if name in PEERS else sys.executable
            try:
                start = Child(f"benchmarks.children.{way.child}", environment=way.environment, python=python)
                child = stack.enter_context(start)
                child.ask(**request, mode=way.mode, steps=WARM_STEPS)  # The first steps are slower.
                measures[name] = partial(child.ask, **request, mode=way.mode, steps=options.steps)
            except BenchmarkError as error:
                if name not in PEERS:
                    raise
                print(f"{way.title} is left out: {error}", flush=True)
        taken = by_turns(measures, rounds)
    rates = taken.pop(LIMIT)
    for name, answers in taken.items():
        found[name].seconds += [mean(answer["seconds"]) for answer in answers]
        found[name].memory = max(found[name].memory, *(answer["memory"] for answer in answers))
    return rates


def _faster(found: Mapping[str, Samples], name: str, other: str) -> float | None:
    if name not in found or other not in found:
        return None
    return median(ratios(found[name].speeds, found[other].speeds))


BENCHMARK = Benchmark("step", "One training step of the AC-GAN", PANELS, measure, _add_options)

if __name__ == "__main__":
    BENCHMARK.main()
