"""Steps, the first step and a whole training on a GPU, and PyTorch's steps of the same example.

It needs MNIST's file and neither a judge nor a tracking store, and takes under six minutes on an H100. `--smoke` runs
anywhere, so that a test can hold it; its figures mean nothing.
"""

import argparse
import sys
from collections.abc import Mapping
from statistics import median
from typing import Any

from benchmarks.measuring import Benchmark, BenchmarkError, Goal, Panel, Results, Row, compare, positive
from benchmarks.measuring.child import Child, training_request

EPOCH, WARM_STEPS = 600, 10
STEP, FIRST = "a step, milliseconds", "the first step, seconds"
DEFAULT, ORIGINAL = "default", "original"
KEPT = ("compute.precision=mixed_bfloat16", "compute.xla_cache=true")
OURS: Mapping[str, tuple[str, ...]] = {
    DEFAULT: (),
    ORIGINAL: ("experiment=original",),
    "default by the fast kernels": ("compute.kernels=fast",),
    "default in bfloat16": KEPT,
    "default in bfloat16, from XLA's cache": KEPT,
}
PEERS = {f"PyTorch, {mode}": mode for mode in ("eager", "channels-last", "compiled")}


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--calls", type=positive, default=20, help="calls of a way")
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON", help="an interpreter that has PyTorch")
    parser.add_argument("--smoke", action="store_true", help="run without a GPU; the figures mean nothing")


def measure(options: argparse.Namespace) -> Results:
    """Measures each way in a process of its own, one after the other; one that fails is left out with a word."""
    found: dict[str, Any] = {}
    for name in (*OURS, *PEERS):
        print(name, flush=True)
        try:
            found[name] = _ask(name, options, device="cuda" if found and found[DEFAULT]["gpu"] else "cpu")
        except BenchmarkError as error:
            if name == DEFAULT:
                raise
            print(f"{name} is left out: {error}", flush=True)
        if not (found[DEFAULT]["gpu"] or options.smoke):
            raise BenchmarkError(
                "`benchmarks.gpu` needs a GPU that TensorFlow sees. Received: none (--smoke: run anyway)"
            )
    gpu = found[DEFAULT]["gpu"] or "no GPU, a smoke test"
    text = f"Steps of the AC-GAN on {gpu}: medians over {options.calls} calls."
    return Results(make_rows(found), find_goals(found, counts=not options.overrides), text)


def make_rows(found: Mapping[str, Any]) -> list[Row]:
    """Returns the rows of all ways, whose answers are those of `benchmarks.children.ours`; a peer's has `several`."""
    rows = []
    for name, one in found.items():
        several, a_call = [1000 * seconds for seconds in one["several"]], f", {one.get('per_call')} a call"
        rows.append(Row.of(f"{name}: a step{a_call * (name in OURS)}", several, unit="ms", panel=STEP))
        rows += [Row.of(f"{name}: the first step", [one["first"]], unit="s", panel=FIRST)] if "first" in one else []
        rows += [Row.of(f"{name}, all steps and reports: time", [one["whole"]], unit="s")] if "whole" in one else []
    return rows


def find_goals(found: Mapping[str, Any], *, counts: bool) -> list[Goal]:
    """Compares what was found with what was to be reached; a goal whose way was not run has no figure."""
    step = {name: median(one["several"]) for name, one in found.items()}
    original, best = step.get(ORIGINAL), min((step[name] for name in PEERS if name in step), default=None)
    return compare(
        ("default: a step, ms", "<=", 2.0, 1000 * step[DEFAULT]),
        ("default: the first step, s", "<=", 20.0, found[DEFAULT]["first"]),
        ("default: all steps and reports after the first step, s", "<=", 30.0, found[DEFAULT]["whole"]),
        (f"original: an epoch of {EPOCH} steps, s", "<=", 2.0, original and EPOCH * original),
        ("original against PyTorch's best", ">=", 3.8, best / original if best and original else None),
        counts=counts,
    )


def _ask(name: str, options: argparse.Namespace, *, device: str) -> dict[str, Any]:
    request = training_request(*OURS.get(name, OURS[ORIGINAL]), *options.overrides)
    if name in OURS:
        with Child("benchmarks.children.ours") as child:
            return child.ask(**request, calls=options.calls, smoke=options.smoke, whole=name == DEFAULT)
    request |= {"mode": PEERS[name], "device": device}
    with Child("benchmarks.children.pytorch", python=options.torch) as child:
        child.ask(**request, steps=WARM_STEPS)
        return {"several": child.ask(**request, steps=options.calls)["seconds"]}


BENCHMARK = Benchmark(
    "gpu", "Training on a GPU", (Panel(STEP, bound=2.0), Panel(FIRST, bound=20.0)), measure, _add_options
)

if __name__ == "__main__":
    BENCHMARK.main()
