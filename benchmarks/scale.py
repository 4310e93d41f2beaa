"""How cost grows: with steps, batch size, the generator's width, threads, a sweep's jobs and the runs in the store.

    python -m benchmarks.scale --json benchmarks/results/scale.json
    python -m benchmarks.scale --parts batches,widths --rounds 1 --steps 1

Each part can be run alone. Trainings are the default recipe's steps, without reports, but for two parts: `sweep` runs
one sweep of the smoke test's trainings and looks when each job ends, and `beside` runs two whole trainings up to a
report, by turns as a sweep whose jobs come one after the other with all threads and as one whose jobs train at once
with half of them each (`compute.jobs=2`). Both run in a copy of the project.
"""

import argparse
import signal
import sys
from collections.abc import Sequence

from benchmarks.jobs.growth import BATCHES
from benchmarks.jobs.parts import PARTS
from benchmarks.measuring.findings import Findings, end, one_of, options_of, positive, publish, rows_table, say
from benchmarks.measuring.machine import describe_machine
from benchmarks.measuring.picture import Bars, Growth, draw
from benchmarks.measuring.results import Goal, Row
from benchmarks.trainings.recipes import compose_settings
from pipeline.fetch import ensure_fetched
from pipeline.settings.exits import TERMINATED

STORES = (10, 100, 1000)


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
    parser = options_of("scale", __doc__)
    parser.add_argument("--parts", type=one_of(PARTS), default=tuple(PARTS), help=", ".join(PARTS))
    parser.add_argument("--rounds", type=positive, default=3, help="how often each has its turn")
    parser.add_argument("--steps", type=positive, default=3, help="steps a turn")
    parser.add_argument("--batches", type=_rising, default=BATCHES, help="batch sizes, rising")
    parser.add_argument("--jobs", type=positive, default=16, help="jobs of the sweep")
    parser.add_argument("--beside-steps", type=positive, default=250, help="steps of trainings side by side")
    parser.add_argument("--runs", type=_rising, default=STORES, help="runs in the store, rising")
    parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="for every training")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> int:
    """Measures, and writes and prints what was found.

    Args:
        options: What `parse` gives.

    Returns:
        The exit status.

    Raises:
        PipelineError: Something the user can mend, or a part failed.
    """
    settings = compose_settings(options.overrides)
    ensure_fetched(settings.data)
    options.data = settings.data.file
    machine = describe_machine()
    panels: list[Growth | Bars] = []
    rows: list[Row] = []
    goals: list[Goal] = []
    for name in options.parts:
        say(f"part {name}")
        found = PARTS[name](options)
        panels += found.panels
        rows += found.rows
        goals += found.goals
    draw(panels, options.json.with_suffix(".png"), title="How cost grows")
    text = f"Medians over {options.rounds} rounds of {options.steps} steps, where steps are measured."
    return publish(Findings(rows, goals, [text, rows_table(rows)]), options.json, machine=machine)


def _rising(text: str) -> tuple[int, ...]:
    numbers = tuple(map(positive, text.split(",")))
    if list(numbers) != sorted(set(numbers)):
        raise argparse.ArgumentTypeError(f"must rise, such as 10,100. Received: {text}")
    return numbers


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    sys.exit(main())
