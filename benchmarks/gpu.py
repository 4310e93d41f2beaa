"""Steps, the first step and a whole training on a GPU, and PyTorch's steps of the same example.

It needs MNIST's file and neither a judge nor a tracking store, and begins no way after six minutes. `--smoke` runs
anywhere, so that a test can hold it; its figures mean nothing.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring import Benchmark, BenchmarkError, Goal, Panel, Results, Row, compare, positive
from benchmarks.measuring.child import Changes, Child, training_request

EPOCH, WARM_STEPS, MINUTES = 600, 10, 6
STEP, FIRST = "a step, milliseconds", "the first step, seconds"
DEFAULT, ORIGINAL, CACHED = "default", "original", "default from XLA's cache"
OURS: Mapping[str, tuple[str, ...]] = {
    DEFAULT: (),
    ORIGINAL: ("experiment=original",),
    "default by the fast kernels": ("compute.kernels=fast",),
    CACHED: (),
    "default in bfloat16": ("compute.precision=mixed_bfloat16",),
}
PEERS = {f"PyTorch, {mode}": mode for mode in ("channels-last", "eager", "compiled")}
WAYS = list(dict.fromkeys((DEFAULT, ORIGINAL, *PEERS, *OURS)))  # the most important first


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--calls", type=positive, default=20, help="calls of a way")
    parser.add_argument("--minutes", type=positive, default=MINUTES, help="for all; the ways left then are left out")
    parser.add_argument("--only", choices=WAYS, action="append", help="measure this way; as often as ways are wanted")
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON", help="an interpreter that has PyTorch")
    parser.add_argument("--smoke", action="store_true", help="run without a GPU; the figures mean nothing")


def measure(options: argparse.Namespace) -> Results:
    """Measures each way in a process of its own, one after the other; one that fails is left out with a word.

    The results are written after each, so that what was measured stays whatever happens to the others.
    """
    found: dict[str, Any] = {}
    ways, until = options.only or WAYS, time.monotonic() + 60 * options.minutes
    for number, name in enumerate(ways):
        if (seconds := until - time.monotonic()) <= 0:
            print(f"left out, {options.minutes} minutes being over: {'; '.join(ways[number:])}", flush=True)
            break
        print(name, flush=True)
        try:
            # A way that hangs has a third of the time.
            found[name] = _ask(name, options, seconds=min(seconds, 20 * options.minutes))
        except BenchmarkError as error:
            print(f"{name} is left out: {error}", flush=True)
            continue
        if name in OURS and not (found[name]["gpu"] or options.smoke):
            raise BenchmarkError(
                "`benchmarks.gpu` needs a GPU that TensorFlow sees. "
                f"Received: none{found[name]['hint']} (--smoke: run anyway)"
            )
        replace(_results(found, options), machine=options.machine).write(options.json)
    if not found:
        raise BenchmarkError("`benchmarks.gpu` must measure one way at least. Received: none")
    return _results(found, options)


def _results(found: Mapping[str, Any], options: argparse.Namespace) -> Results:
    gpu = next((one["gpu"] for one in found.values() if one.get("gpu")), "no GPU, a smoke test")
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
    step, default = {name: median(one["several"]) for name, one in found.items()}, found.get(DEFAULT, {})
    original, best = step.get(ORIGINAL), min((step[name] for name in PEERS if name in step), default=None)
    return compare(
        ("default: a step, ms", "<=", 2.0, 1000 * step[DEFAULT] if default else None),
        ("default: the first step, s", "<=", 20.0, default.get("first")),
        ("default: all steps and reports after the first step, s", "<=", 30.0, default.get("whole")),
        (f"original: an epoch of {EPOCH} steps, s", "<=", 2.0, original and EPOCH * original),
        ("original against PyTorch's best", ">=", 3.8, best / original if best and original else None),
        counts=counts,
    )


def _ask(name: str, options: argparse.Namespace, *, seconds: float) -> dict[str, Any]:
    request = training_request(*OURS.get(name, OURS[ORIGINAL]), *options.overrides)
    if name in OURS:
        request |= {"calls": options.calls, "smoke": options.smoke, "whole": False}
        if name == CACHED:
            return _ask_through_cache(request, seconds)
        return _ask_ours(request, seconds, whole=name == DEFAULT)
    request |= {"mode": PEERS[name], "device": "cpu" if options.smoke else "cuda"}
    with Child("benchmarks.children.pytorch", python=options.torch, seconds=seconds) as child:
        child.ask(**request, steps=WARM_STEPS)
        return {"several": child.ask(**request, steps=options.calls)["seconds"]}


def _ask_ours(
    request: Mapping[str, Any], seconds: float, environment: Changes | None = None, *, whole: bool = False
) -> dict[str, Any]:
    with Child("benchmarks.children.ours", environment=environment, seconds=seconds) as child:
        found = child.ask(**request)
        if whole and "first" in found:
            try:
                found |= child.ask(**{**request, "whole": True})
            except BenchmarkError as error:  # what it has answered stays
                print(f"the whole training is left out: {error}", flush=True)
        return found


def _ask_through_cache(request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Asks twice, so that the second process finds what the first has compiled, and none of an earlier day."""
    with TemporaryDirectory() as cache:
        environment = {"TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={cache}"}
        until = time.monotonic() + seconds
        _ask_ours({**request, "calls": 1}, seconds, environment)
        return _ask_ours(request, max(1.0, until - time.monotonic()), environment)


BENCHMARK = Benchmark(
    "gpu", "Training on a GPU", (Panel(STEP, bound=2.0), Panel(FIRST, bound=20.0)), measure, _add_options
)

if __name__ == "__main__":
    BENCHMARK.main()
