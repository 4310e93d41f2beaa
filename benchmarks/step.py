"""One training step, ours against the example's own way and PyTorch, and against what the machine can do.

    python -m benchmarks.step --json benchmarks/results/step.json

Each way runs in a process of its own, which is asked for a few steps by turns, A B A B. Every three rounds all are
started anew, since luck with memory, a few per cent, lasts as long as a process. The rate at which NumPy multiplies
matrices is measured once a round among them. Images a second are real images that steps draw.
The operations of a step are counted from the layers' shapes, and only those that the step needs. The example runs with
the environment that this command was given, without what the pipeline sets.

PyTorch is no dependency: without it its rows are left out with a word. `--torch PYTHON` names an interpreter of another
environment that has it. Words such as `acgan.batch_size=10` set all ways, and then no goal counts as met.
"""

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import mean
from typing import Any

from benchmarks.measuring.children import Child
from benchmarks.measuring.errors import BenchmarkError
from benchmarks.measuring.findings import Findings, end, one_of, options_of, positive, publish, say
from benchmarks.measuring.machine import describe_machine
from benchmarks.measuring.turns import FEWEST_ROUNDS, turns
from benchmarks.steps.matrix import matrix_rate
from benchmarks.steps.summary import Samples, draw_steps, find_goals, make_rows, variants_table
from benchmarks.steps.variants import PEERS, VARIANTS, has_torch, settings_of, start, start_counting
from benchmarks.trainings.recipes import compose_settings
from pipeline.fetch import ensure_fetched
from pipeline.settings.exits import TERMINATED

WARM_STEPS = 2
ROUNDS_A_START = 3
LIMIT = "matrix product"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark.

    Args:
        arguments: The words of the command line; its own by default.

    Returns:
        The exit status: 1 where a goal is not met.
    """
    return end(measure, parse(arguments))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line; ends the process with status 2 where it is not sound."""
    parser = options_of("step", __doc__)
    parser.add_argument("--rounds", type=positive, default=9, help="how often each way has its turn")
    parser.add_argument("--steps", type=positive, default=3, help="steps a turn")
    parser.add_argument("--only", type=one_of(VARIANTS), default=tuple(VARIANTS), help=", ".join(VARIANTS))
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON", help="an interpreter that has PyTorch")
    parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="for every way")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> int:
    """Measures, and writes and prints what was found.

    Args:
        options: What `parse` gives.

    Returns:
        The exit status.

    Raises:
        PipelineError: Something the user can mend, or a way failed.
    """
    names, remarks = _present(options)
    for name in names:
        settings_of(name, options.overrides)
    machine = describe_machine()
    found, rates, layers = _sample(names, options, remarks)
    counts = options.rounds >= FEWEST_ROUNDS and not options.overrides
    texts = [
        "One training step of the AC-GAN: medians over "
        f"{options.rounds} rounds of {options.steps} steps (least–greatest).",
        *remarks,
        variants_table(found, rates),
    ]
    findings = Findings(make_rows(found, rates), find_goals(found, rates, counts=counts), texts, {"layers": layers})
    draw_steps(found, rates, options.json.with_suffix(".png"))
    return publish(findings, options.json, machine=machine)


def _present(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    peers = [name for name in options.only if name in PEERS]
    if not peers or has_torch(options.torch):
        return list(options.only), []
    word = 'PyTorch is not installed here, so its rows are left out: `pip install "torch"` beside, or --torch PYTHON.'
    say(word)
    return [name for name in options.only if name not in peers], [word]


@dataclass
class Taken:
    """What was measured so far, by way; a peer that cannot take steps is in none of it.

    Attributes:
        seconds: Of one step, a round each.
        memory: The most bytes that its process held.
        rates: Operations a second of NumPy's matrix product, a round each.
    """

    seconds: dict[str, list[float]]
    memory: dict[str, int]
    rates: list[float]


def _sample(
    names: Sequence[str], options: argparse.Namespace, remarks: list[str]
) -> tuple[dict[str, Samples], list[float], dict[str, Any]]:
    data = compose_settings(options.overrides).data
    ensure_fetched(data)
    with ExitStack() as into:
        counting = start_counting(names, options.overrides, into=into)
        work = {name: counting.on_event() for name in names}
    images = {name: int(work[name]["images"]) for name in names}
    for name in names:
        say(f"{VARIANTS[name].title}: {work[name]['operations'] / 1e9:.1f} GFLOP a step of {images[name]} images")
    taken = Taken({name: [] for name in names}, dict.fromkeys(names, 0), [])
    for first in range(0, options.rounds, ROUNDS_A_START):
        with ExitStack() as into:
            children = {
                name: start(name, options.overrides, data=str(data.file), python=options.torch, into=into)
                for name in taken.seconds
            }
            for name in list(children):
                _warm(name, children, remarks)
            taken.seconds = {name: taken.seconds[name] for name in children}
            _take_turns(children, range(first, min(first + ROUNDS_A_START, options.rounds)), options, taken)
    found = {
        name: Samples(seconds, images[name], taken.memory[name], work[name]["operations"])
        for name, seconds in taken.seconds.items()
    }
    return found, taken.rates, {name: work[name]["layers"] for name in found}


def _warm(name: str, children: dict[str, Child], remarks: list[str]) -> None:
    """Takes the first steps, which are slower; a peer that cannot is left out with a word."""
    try:
        children[name].on_event()
        children[name].ask(steps=WARM_STEPS)
    except BenchmarkError as error:
        if name not in PEERS:
            raise
        del children[name]
        remarks.append(f"{VARIANTS[name].title} is left out: {error}")
        say(remarks[-1])


def _take_turns(children: Mapping[str, Child], rounds: range, options: argparse.Namespace, taken: Taken) -> None:
    for number, name in turns([LIMIT, *children], len(rounds)):
        if name == LIMIT:
            say(f"round {rounds[number] + 1} of {options.rounds}")
            taken.rates.append(matrix_rate())
            continue
        answer = children[name].ask(steps=options.steps)
        taken.seconds[name].append(mean(answer["seconds"]))
        taken.memory[name] = max(taken.memory[name], answer["memory"])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    sys.exit(main())
