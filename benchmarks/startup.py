"""How long a user waits before anything trains.

    python -m benchmarks.startup --json benchmarks/results/startup.json

times, by turns: `--help`; a setting that is refused; a training until its first step is done, with the judge, the
tracking store and the files on a warm disk; `dvc repro` where nothing is to be done; and, less often, what each job of
a sweep costs beyond its steps (networks built and compiled, one report, its run in MLflow).

All of it runs in copies of the project under `runs/`, which are removed; `dvc repro` and the sweep have the smoke
test's numbers there. A judge that is not calibrated yet is, once, before anything is timed.
"""

import argparse
import signal
import sys
from collections.abc import Sequence

from benchmarks.jobs.sweeps import beyond_training, sweep_words
from benchmarks.jobs.waits import JOB, MOST_SECONDS, Places, find_goals, make_rows, prepared, waits
from benchmarks.measuring.findings import Findings, end, options_of, positive, publish, rows_table, say
from benchmarks.measuring.machine import describe_machine
from benchmarks.measuring.picture import Bars, draw
from benchmarks.measuring.turns import FEWEST_ROUNDS, by_turns
from benchmarks.trainings.recipes import compose_settings
from pipeline.fetch import ensure_fetched
from pipeline.settings.exits import TERMINATED


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
    parser = options_of("startup", __doc__)
    parser.add_argument("--rounds", type=positive, default=5, help="how often each is waited for")
    parser.add_argument("--sweeps", type=int, choices=range(4), default=1, help="how often the sweeps are run")
    parser.add_argument("--stages", nargs="+", default=(), metavar="STAGE", help="of `dvc repro`; all by default")
    parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="for every training")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> int:
    """Measures, and writes and prints what was found.

    Args:
        options: What `parse` gives.

    Returns:
        The exit status.

    Raises:
        PipelineError: Something the user can mend, or a command failed.
    """
    settings = compose_settings(options.overrides)
    ensure_fetched(settings.data)
    machine = describe_machine()
    say("copying the project, and running the stages of one copy, small")
    with prepared(settings.data.file, options.overrides, options.stages) as places:
        say(f"{options.rounds} rounds of waiting")
        found = by_turns(waits(places, options.overrides, options.stages), options.rounds)
        found |= {JOB: _beyond(places, options)} if options.sweeps else {}
    rows = make_rows(found)
    counts = options.rounds >= FEWEST_ROUNDS and not options.overrides and not options.stages
    goals = find_goals(rows, counts=counts)
    bars = [Bars(f"{row.name}, seconds", [("", row)], bound=MOST_SECONDS.get(row.name)) for row in rows]
    draw(bars, options.json.with_suffix(".png"), title="What a user waits for")
    text = "Seconds from the start of a command, on a warm disk."
    return publish(Findings(rows, goals, [text, rows_table(rows)]), options.json, machine=machine)


def _beyond(places: Places, options: argparse.Namespace) -> list[float]:
    say("sweeps of one job, of three, and of one that is longer")
    places.small.train(*sweep_words(1, *options.overrides))
    return [beyond_training(places.small, *options.overrides) for _ in range(options.sweeps)]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    sys.exit(main())
