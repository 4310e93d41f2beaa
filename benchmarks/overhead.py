"""What tracking, checkpoints, pictures and progress add to a training.

A round of the part `bare` trains with the project's own settings up to the second report by the whole of
`pipeline.train`, its live bar drawn as on a terminal: that shows what lies between the steps. Then it trains so once
more beside the bare loop over the same training. These two take their steps by turns, and whose turn it is not is
stopped whole: that shows how much slower steps are. (POSIX alone can stop a process.) The bar and the system metrics,
which go by the clock, come up to twice as often a step then, which counts against us.

A round of the part `spool` trains twice, by turns likewise, tracked by a server of this machine: through the spool, and
by calls that the training waits for. Their whole time counts, from the start until the server has everything.

Imports and the first step, which is compiled, are not counted; evaluation at the reports is the training's own, as its
steps are. What comes once (a run opened, early samples, models logged) is a row; the cost of a whole training is
estimated from both.
"""

import argparse
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median

from benchmarks.children.serving import Answer
from benchmarks.measuring import Benchmark, Goal, Panel, Results, Row, compare, counts, positive
from benchmarks.measuring.child import Child, ratios
from benchmarks.measuring.projects import TRAIN, Project, copied_project
from benchmarks.measuring.servers import served

STEPS_A_TURN, REPORTS = 8, 2
MOST_SHARE, MOST_GIGABYTES = 0.03, 1.5
OWN = "overhead of the project's own training, estimated"
SHARE, SECONDS = "share of the training's time", "seconds"
PANELS = (Panel(SHARE, bound=MOST_SHARE), Panel(SECONDS))
SERVER = ("server", "--workers", "1", "--backend-store-uri", "sqlite:///server.db", "--artifacts-destination", "files")
GOALS = {
    f"added between the reports: {SHARE}": ("overhead between the reports, share", MOST_SHARE),
    f"added to the project's own training, estimated: {SHARE}": (OWN, MOST_SHARE),
    "a whole training: peak memory": ("peak memory of a whole training, GB", MOST_GIGABYTES),
    f"added by the spool: {SHARE}": ("overhead of the spool, share", MOST_SHARE),
}


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
    parser.add_argument("--part", action="append", choices=PARTS, help="again for another; both by default")


def measure(options: argparse.Namespace) -> Results:
    """Trains in a copy of the project, each process new in each round: luck with memory lasts as long as a process."""
    model = options.settings.model
    options.length = REPORTS * model.report_every
    with copied_project(options.settings.data.file) as project:
        print("first a training that is not timed: it makes the store and a judge", flush=True)
        project.run(*TRAIN, *_words(options, 1))
        rows = [row for part in options.part or PARTS for row in PARTS[part](project, options)]
    text = (
        f"Trainings of {options.length:,} steps of {model.batch_size} images, a report every {model.report_every:,}; "
        "shares are of steps and evaluations with all of it off, that of the spool is of a whole training without it. "
        f"The project's own training has {model.steps:,} steps."
    )
    return Results(rows, find_goals(rows, counts=counts(options)), text)


def bare(project: Project, options: argparse.Namespace) -> list[Row]:
    """Measures what all of it adds to the bare loop."""
    rounds = []
    for _ in range(options.rounds):
        with _child(project) as on, _child(project) as off:
            on.ask(whole=True, words=_words(options, 1))  # so that imports are not counted
            print("a training with all of it, alone", flush=True)
            alone = on.ask(whole=True, words=_words(options, options.length))
            print("trainings with and without, by turns", flush=True)
            pair = _take_turns({on: {"whole": True}, off: {"whole": False}}, options)
        turns = pair_turns(*(answer["steps"] for answer in pair), steps=STEPS_A_TURN)
        parts = {name: alone[name] for name in ("between", "evaluation", "once", "memory", "parts")}
        rounds.append(Round(turns=turns, steps=sum(alone["steps"]), **parts))
    return make_rows(rounds, intervals=options.settings.model.steps / options.length)


def spool(project: Project, options: argparse.Namespace) -> list[Row]:
    """Measures what the spool adds to a training that a server tracks."""
    rounds, folder = [], project.root / "server"
    folder.mkdir()
    with served(*SERVER, folder=folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false") as address:
        for number in range(options.rounds):
            print(f"trainings through the spool and without, by turns, {number + 1} of {options.rounds}", flush=True)
            with _child(project, address) as through, _child(project, address) as without:
                ways = {through: {"whole": True}, without: {"whole": True, "direct": True}}
                for child, request in ways.items():
                    child.ask(**request, words=_words(options, 1))  # as above
                rounds.append(_take_turns(ways, options))
    return compare_ways(rounds)


PARTS = {"bare": bare, "spool": spool}


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


def compare_ways(rounds: Sequence[Sequence[Answer]]) -> list[Row]:
    """Returns what the spool adds; a round has the answers of a training through it and of one without.

    Tracking is what the training waits for between its steps; the whole is all until the server has everything.
    """
    ways = dict(zip(("through the spool", "without the spool"), zip(*rounds, strict=True), strict=True))
    whole = {way: [answer["seconds"] for answer in answers] for way, answers in ways.items()}
    tracking = {way: [answer["parts"]["tracking"] for answer in answers] for way, answers in ways.items()}
    rows = [Row.of(f"added by the spool: {SHARE}", [ratio - 1 for ratio in ratios(*whole.values())], panel=SHARE)]
    for name, found in (("the whole", whole), ("tracking", tracking)):
        rows += [Row.of(f"{way}: {name}", values, unit="s") for way, values in found.items()]
    return rows


def find_goals(rows: Sequence[Row], *, counts: bool) -> list[Goal]:
    """Compares what is added and the memory with what was to be reached; a part that was not run has no goals."""
    found = ((*GOALS[row.name], row.median) for row in rows if row.name in GOALS)
    return compare(*((title, "<", bound, got) for title, bound, got in found), counts=counts)


def _words(options: argparse.Namespace, steps: int) -> list[str]:
    return [*options.overrides, f"{options.settings.family}.steps={steps}"]


def _child(project: Project, store: str | None = None) -> Child:
    # TTY_COMPATIBLE has rich draw the bar as on a terminal.
    environment = {**project.environment(), "TTY_COMPATIBLE": "1", "MLFLOW_TRACKING_URI": store}
    return Child("benchmarks.children.tracked", environment=environment, folder=project.root)


def _take_turns(requests: Mapping[Child, Answer], options: argparse.Namespace) -> list[Answer]:
    """Lets children train by turns, each as its request says, and returns their answers."""
    for child, request in requests.items():
        child.send(**request, words=_words(options, options.length), stop_every=STEPS_A_TURN)
        child.wait_until_stopped()
    for _, child in product(range(STEPS_A_TURN, options.length, STEPS_A_TURN), requests):
        child.send_signal(signal.SIGCONT)
        child.wait_until_stopped()
    answers = []
    for child in requests:
        child.send_signal(signal.SIGCONT)
        answers.append(child.receive())
    return answers


TITLE = "What tracking, checkpoints, pictures and progress add to a training"
BENCHMARK = Benchmark("overhead", TITLE, PANELS, measure, _add_options)

if __name__ == "__main__":
    BENCHMARK.main()
