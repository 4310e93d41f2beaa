"""Steps, the first step and a whole training on a GPU, and PyTorch's steps of the same example.

It needs MNIST's file and neither a judge nor a tracking store, and takes under six minutes on an H100. `--smoke` runs
anywhere, so that a test can hold it; its figures mean nothing.
"""

import argparse
import sys
from collections.abc import Mapping
from statistics import median
from typing import Any

from benchmarks.measuring.benchmark import Benchmark, positive
from benchmarks.measuring.child import Child, training_request
from benchmarks.measuring.errors import BenchmarkError
from benchmarks.measuring.picture import Panel
from benchmarks.measuring.results import Goal, Results, Row

EPOCH, WARM_STEPS = 600, 10
STEP, FIRST = "a step, milliseconds", "the first step, seconds"
DEFAULT, ORIGINAL = "default", "original"
KEPT = ("compute.precision=mixed_bfloat16", "compute.xla_cache=true")
OURS: Mapping[str, tuple[str, ...]] = {
    DEFAULT: (),
    ORIGINAL: ("experiment=original",),
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
    found, gpu = dict[str, Any](), None
    for name, words in OURS.items():
        print(name, flush=True)
        request = {"words": [*words, *options.overrides], "calls": options.calls, "smoke": options.smoke}
        try:
            with Child("benchmarks.children.card") as child:
                found[name] = child.ask(**request, whole=name == DEFAULT)
        except BenchmarkError as error:
            if name == DEFAULT:
                raise
            print(f"left out: {error}", flush=True)
            continue
        if not (gpu := found[name]["gpu"]) and not options.smoke:
            raise BenchmarkError(
                "`benchmarks.gpu` needs a GPU that TensorFlow sees. Received: none (--smoke: run anyway)"
            )
    torch = {name: seconds for name, mode in PEERS.items() if (seconds := _ask_torch(mode, options, gpu))}
    text = f"Steps of the AC-GAN on {gpu or 'no GPU, a smoke test'}: medians over {options.calls} calls."
    return Results(make_rows(found, torch), find_goals(found, torch, counts=not options.overrides), text)


def make_rows(found: Mapping[str, Any], torch: Mapping[str, list[float]]) -> list[Row]:
    """Returns the rows of all ways, whose answers are those of `benchmarks.children.card`."""
    rows = []
    for name, one in found.items():
        several = [1000 * seconds for seconds in one["several"]]
        rows += [
            Row.of(f"{name}: a step, {one['per_call']} a call", several, unit="ms", panel=STEP),
            Row.of(f"{name}: the first step", [one["first"]], unit="s", panel=FIRST),
        ]
        rows += [Row.of(f"{name}, all steps and reports: time", [one["whole"]], unit="s")] if "whole" in one else []
    for name, taken in torch.items():
        rows.append(Row.of(f"{name}: a step", [1000 * seconds for seconds in taken], unit="ms", panel=STEP))
    return rows


def find_goals(found: Mapping[str, Any], torch: Mapping[str, list[float]], *, counts: bool) -> list[Goal]:
    """Compares what was found with what was to be reached; a goal whose way was not run has no figure."""
    default, best = found[DEFAULT], min(map(median, torch.values()), default=None)
    original = median(found[ORIGINAL]["several"]) if ORIGINAL in found else None
    wanted = (
        ("default: a step, ms", "<=", 2.0, 1000 * median(default["several"])),
        ("default: the first step, s", "<=", 20.0, default["first"]),
        ("default: all steps and reports after the first step, s", "<=", 30.0, default["whole"]),
        (f"original: an epoch of {EPOCH} steps, s", "<=", 2.0, original and EPOCH * original),
        ("original against PyTorch's best", ">=", 3.8, best / original if best and original else None),
    )
    return [Goal.of(name, sign, bound, got=got, counts=counts) for name, sign, bound, got in wanted]


def _ask_torch(mode: str, options: argparse.Namespace, gpu: str | None) -> list[float]:
    request = training_request(*OURS[ORIGINAL], *options.overrides)
    request |= {"mode": mode, "device": "cuda" if gpu else "cpu"}
    try:
        with Child("benchmarks.children.pytorch", python=options.torch) as child:
            child.ask(**request, steps=WARM_STEPS)
            return list(child.ask(**request, steps=options.calls)["seconds"])
    except BenchmarkError as error:
        print(f"PyTorch, {mode} is left out: {error}", flush=True)
        return []


BENCHMARK = Benchmark(
    "gpu", "Training on a GPU", (Panel(STEP, bound=2.0), Panel(FIRST, bound=20.0)), measure, _add_options
)

if __name__ == "__main__":
    BENCHMARK.main()
