"""What tracking, checkpoints, pictures and progress add to a training.

A round trains with the project's own settings up to the second report by the whole of `pipeline.train`, its live bar
drawn on a terminal of its own: that shows what lies between the steps. Then it trains so once more beside the bare loop
over the same training. These two take their steps by turns, and whose turn it is not is stopped whole: that shows how
much slower steps are. (POSIX alone can stop a process.) The bar and the system metrics, which go by the clock, come up
to twice as often a step then, which counts against us.

Imports and the first step, which is compiled, are not counted; evaluation at the reports is the training's own, as its
steps are. What comes once (a run opened, models logged) is a row; the cost of a whole training is estimated from both.
"""

import argparse
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import median

from benchmarks.measuring.benchmark import Benchmark, counts, positive
from benchmarks.measuring.child import Child
from benchmarks.measuring.picture import Panel
from benchmarks.measuring.projects import TRAIN, Project, copied_project
from benchmarks.measuring.results import Goal, Results, Row

STEPS_A_TURN, REPORTS = 8, 2
MOST_SHARE, MOST_GIGABYTES = 0.03, 1.5
SHARE, SECONDS = "share of the training's time", "seconds"
PANELS = (Panel(SHARE, bound=MOST_SHARE), Panel(SECONDS))


@dataclass(frozen=True)
class Round:
    """Seconds of one training with all of it alone, and of two whose steps were taken by turns, on and off.

    `between` is beside steps (but the first) and evaluation, up to the end of the loop, and made of `parts`; `once` is
    before the first step, from when the networks are built, and after the loop. `memory` is the most bytes held.
    """

    turns: Sequence[tuple[float, float]]
    between: float
    steps: float
    evaluation: float
    once: float
    memory: int
    parts: Mapping[str, float]

    @property
    def slower(self) -> float:
        """How much longer steps took than bare ones, as a share of these, by the middle turn."""
        return median(on / off for on, off in self.turns) - 1

    @property
    def bare(self) -> float:
        """Estimated seconds of steps and evaluation of the one alone with all of it off."""
        return self.steps / (1 + self.slower) + self.evaluation

    @property
    def share(self) -> float:
        """What is added to the training's own time, without what comes once a training."""
        return (self.between + self.steps + self.evaluation) / self.bare - 1

    def share_of(self, intervals: float) -> float:
        """What is added to a training of so many of these lengths, with what comes once."""
        return self.share + self.once / (intervals * self.bare)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=positive, default=3, help="how often each is trained")


def measure(options: argparse.Namespace) -> Results:
    """Trains in a copy of the project, each process new in each round: luck with memory lasts as long as a process."""
    settings = options.settings
    model, steps = settings.model, REPORTS * settings.model.report_every
    short, words = ([*options.overrides, f"{settings.family}.steps={count}"] for count in (1, steps))
    with copied_project(settings.data.file) as project:
        print("first a training that is not timed: it makes the store and a judge", flush=True)
        project.run(*TRAIN, *short)
        rounds = [_train_round(project, short, words, steps=steps) for _ in range(options.rounds)]
    text = (
        f"Trainings of {steps:,} steps of {model.batch_size} images, a report every {model.report_every:,}; shares are "
        f"of steps and evaluations with all of it off. The project's own training has {model.steps:,} steps."
    )
    intervals = model.steps / steps
    goals = find_goals(rounds, intervals=intervals, counts=counts(options))
    return Results(make_rows(rounds, intervals=intervals), goals, text)


def pair_turns(on: Sequence[float], off: Sequence[float], *, steps: int) -> list[tuple[float, float]]:
    """Adds up the seconds of each turn of so many steps; of all steps where there is no whole turn.

    The first step is in neither; the rest of its turn and a last one that is not whole are left out.
    """
    starts = range(steps - 1, len(on) - steps + 1, steps)
    return [(sum(on[at : at + steps]), sum(off[at : at + steps])) for at in starts] or [(sum(on), sum(off))]


def make_rows(rounds: Sequence[Round], *, intervals: float) -> list[Row]:
    """Returns what is added, and of what that is made; the project's own training has `intervals` of these lengths."""
    shares = {
        "added between the reports": [one.share for one in rounds],
        "added to the project's own training, estimated": [one.share_of(intervals) for one in rounds],
        "steps slower by": [one.slower for one in rounds],
        "between steps": [one.between / one.bare for one in rounds],
    }
    seconds = {
        "steps, all on": [one.steps for one in rounds],
        "evaluation at the reports, no overhead": [one.evaluation for one in rounds],
        "tracking, checkpoints, pictures and progress": [one.between for one in rounds],
        **{f"of which {name}": [one.parts[name] for one in rounds] for name in rounds[0].parts},
        "the same, once a training": [one.once for one in rounds],
    }
    return [
        *(Row.of(f"{name}: {SHARE}", values, panel=SHARE) for name, values in shares.items()),
        *(Row.of(f"{name}: time", values, unit="s", panel=SECONDS) for name, values in seconds.items()),
        Row.of("a whole training: peak memory", [rounds[0].memory / 1e9], unit="GB"),
    ]


def find_goals(rounds: Sequence[Round], *, intervals: float, counts: bool) -> list[Goal]:
    """Compares what is added, and the memory of the first round, with what was to be reached."""
    share, whole = median(one.share for one in rounds), median(one.share_of(intervals) for one in rounds)
    wanted = (
        ("overhead between the reports, share", MOST_SHARE, share),
        ("overhead of the project's own training, estimated", MOST_SHARE, whole),
        ("peak memory of a whole training, GB", MOST_GIGABYTES, rounds[0].memory / 1e9),
    )
    return [Goal.of(name, "<", bound, got=got, counts=counts) for name, bound, got in wanted]


def _train_round(project: Project, short: Sequence[str], words: Sequence[str], *, steps: int) -> Round:
    start = partial(Child, "benchmarks.children.tracked", environment=project.environment(), folder=project.root)
    with start() as on, start() as off:
        on.ask(whole=True, words=short)  # so that imports are not counted
        print("a training with all of it, alone", flush=True)
        alone = on.ask(whole=True, words=words)
        print("trainings with and without, by turns", flush=True)
        for child in (on, off):
            child.send(whole=child is on, words=words, stop_every=STEPS_A_TURN)
            child.wait_until_stopped()
        for _, child in product(range(STEPS_A_TURN, steps, STEPS_A_TURN), (on, off)):
            child.send_signal(signal.SIGCONT)
            child.wait_until_stopped()
        seconds = []
        for child in (on, off):
            child.send_signal(signal.SIGCONT)
            seconds.append(child.receive()["steps"])
    return Round(turns=pair_turns(*seconds, steps=STEPS_A_TURN), **{**alone, "steps": sum(alone["steps"])})


TITLE = "What tracking, checkpoints, pictures and progress add to a training"
BENCHMARK = Benchmark("overhead", TITLE, PANELS, measure, _add_options)

if __name__ == "__main__":
    BENCHMARK.main()
