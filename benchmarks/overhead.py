"""What tracking, checkpoints, pictures and progress add to a training.

    python -m benchmarks.overhead --json benchmarks/results/overhead.json

trains with the project's own settings up to the second report with all of it: the whole of `pipeline.train`, its live
bar drawn on a terminal of its own. That tells what lies between the steps. Then it trains so once more beside the bare
loop over the same training. These two take their steps by turns, a second or so each, and whose turn it is not is
stopped whole, its threads included: that tells how much slower steps are. (POSIX alone can stop a process.) What goes
by the clock, the bar and the system metrics, would come twice as often a step then, so it has twice its interval.

Counted are the checkpoints, the reports' tables, pictures and weights, MLflow, the bar, and by how much the steps
themselves are slower meanwhile. Not counted: imports and the first step, which is compiled. The evaluation at the
reports is the training's own, as its steps are; its seconds are a row of their own. What comes once a training (its run
opened, its models logged) is a row, too: to what the whole training costs it is reckoned from both, and not measured,
unless `--steps` is its whole length.
"""

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path

from benchmarks.listened.summary import Round, draw_overhead, find_goals, make_rows, pair_turns
from benchmarks.measuring.children import Child
from benchmarks.measuring.findings import Findings, end, options_of, positive, publish, rows_table, say
from benchmarks.measuring.machine import describe_machine
from benchmarks.measuring.projects import Project, borrowed_project
from benchmarks.measuring.turns import FEWEST_ROUNDS
from benchmarks.trainings.recipes import compose_settings
from pipeline.fetch import ensure_fetched
from pipeline.settings.composed import Settings
from pipeline.settings.exits import TERMINATED

STEPS_A_TURN = 8
REPORTS = 2
ON, OFF = "with all of it on", "with all of it off"


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
    parser = options_of("overhead", __doc__)
    parser.add_argument("--rounds", type=positive, default=3, help="how often each is trained")
    parser.add_argument("--steps", type=positive, help="steps of each training; up to the second report by default")
    parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="for every training")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> int:
    """Measures, and writes and prints what was found.

    Args:
        options: What `parse` gives.

    Returns:
        The exit status.

    Raises:
        PipelineError: Something the user can mend, or a training failed.
    """
    settings = compose_settings(options.overrides)
    steps = options.steps or REPORTS * settings.model.report_every
    words = [*options.overrides, f"{settings.family}.steps={steps}"]
    compose_settings(words)
    ensure_fetched(settings.data)
    machine = describe_machine()
    rounds = _train(words, settings.data.file, steps=steps, rounds=options.rounds)
    intervals = settings.model.steps / steps
    counts = options.rounds >= FEWEST_ROUNDS and not options.overrides and not steps % settings.model.report_every
    rows = make_rows(rounds, intervals=intervals)
    draw_overhead(rows, options.json.with_suffix(".png"))
    goals = find_goals(rounds, intervals=intervals, counts=counts)
    return publish(
        Findings(rows, goals, [_introduce(settings, steps), rows_table(rows)]), options.json, machine=machine
    )


def _train(words: Sequence[str], data: Path, *, steps: int, rounds: int) -> list[Round]:
    with borrowed_project(data) as project:
        say("first a training that is not timed: it makes the tracking store, and a judge where there is none")
        with _start(project) as children:
            _warm_up(children[ON], words)
        return [_train_round(project, words, steps=steps) for _ in range(rounds)]


@contextmanager
def _start(project: Project) -> Iterator[Mapping[str, Child]]:
    """Starts both processes: anew for each round, since one that was lucky with its memory stays so to its end."""
    with ExitStack() as stack:
        yield {
            arm: stack.enter_context(
                Child("benchmarks.listened.trainings", environment=project.changes(), folder=project.root)
            )
            for arm in (ON, OFF)
        }


def _warm_up(child: Child, words: Sequence[str]) -> None:
    """Lets a process train for one step, so that imports are not counted."""
    child.ask(whole=True, words=[*words[:-1], f"{words[-1].partition('=')[0]}=1"])


def _train_round(project: Project, words: Sequence[str], *, steps: int) -> Round:
    with _start(project) as children:
        _warm_up(children[ON], words)
        say(f"training {ON}, alone")
        alone = children[ON].ask(whole=True, words=list(words))
        turns = _take_turns(children, words, steps=steps)
        return Round(turns=turns, **{**alone, "steps": sum(alone["steps"])})


def _take_turns(children: Mapping[str, Child], words: Sequence[str], *, steps: int) -> list[tuple[float, float]]:
    say(f"training {ON} and {OFF}, by turns")
    for arm, child in children.items():
        child.tell(whole=arm == ON, words=list(words), rest_every=STEPS_A_TURN)
        child.rested()
    seconds: dict[str, list[float]] = {}
    starts = range(0, steps, STEPS_A_TURN)
    for start, arm in product(starts, children):
        children[arm].wake()
        if start == starts[-1]:
            seconds[arm] = children[arm].on_event()["steps"]
        else:
            children[arm].rested()
    return pair_turns(seconds[ON], seconds[OFF], steps=STEPS_A_TURN)


def _introduce(settings: Settings, steps: int) -> str:
    return (
        f"Trainings of {steps:,} steps of {settings.model.batch_size} images, a report every "
        f"{settings.model.report_every:,}; shares are of the time of steps and evaluations with all of it off. The "
        f"project's own training has {settings.model.steps:,} steps."
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    sys.exit(main())
