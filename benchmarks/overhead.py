"""What tracking, checkpoints, pictures and progress add to a training.

A round of the part `bare` trains with the project's own settings up to the second report by the whole of
`pipeline.train`, its live bar drawn as on a terminal: that shows what lies between the steps. Then it trains so once
more beside the bare loop over the same training. These two take their steps by turns, and whose turn it is not is
stopped whole: that shows how much slower steps are. (POSIX alone can stop a process.) The bar and the system metrics,
which go by the clock, come up to twice as often a step then, which counts against us.

A round of the part `spool` trains twice, by turns likewise, tracked by a server of this machine: through the spool, and
by calls that the training waits for. Their whole time counts, from the start until the server has everything.

Imports and the first step, which is compiled, are not counted; evaluation at the reports is the training's own, as its
steps are. What comes once (a run opened, models logged) is a row; the cost of a whole training is estimated from both.
"""

import argparse
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import median

from benchmarks.measuring.benchmark import Benchmark, counts, positive
from benchmarks.measuring.child import Child
from benchmarks.measuring.picture import Panel
from benchmarks.measuring.projects import TRAIN, Project, copied_project
from benchmarks.measuring.results import Goal, Results, Row
from benchmarks.measuring.servers import served
from benchmarks.measuring.serving import Answer

STEPS_A_TURN, REPORTS = 8, 2
MOST_SHARE, MOST_GIGABYTES = 0.03, 1.5
SHARE, SECONDS = "share of the training's time", "seconds"
PANELS = (Panel(SHARE, bound=MOST_SHARE), Panel(SECONDS))
SERVER = ("server", "--workers", "1", "--backend-store-uri", "sqlite:///server.db", "--artifacts-destination", "files")
Part = Callable[[Project, argparse.Namespace], tuple[list[Row], list[Goal]]]


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
    model, rows, goals = options.settings.model, list[Row](), list[Goal]()
    with copied_project(options.settings.data.file) as project:
        print("first a training that is not timed: it makes the store and a judge", flush=True)
        project.run(*TRAIN, *options.overrides, f"{options.settings.family}.steps=1")
        for part in options.part or PARTS:
            own_rows, own_goals = PARTS[part](project, options)
            rows, goals = rows + own_rows, goals + own_goals
    text = (
        f"Trainings of {REPORTS * model.report_every:,} steps of {model.batch_size} images, a report every "
        f"{model.report_every:,}; shares are of steps and evaluations with all of it off, and for the spool of the "
        f"whole training without it. The project's own training has {model.steps:,} steps."
    )
    return Results(rows, goals, text)


def bare(project: Project, options: argparse.Namespace) -> tuple[list[Row], list[Goal]]:
    """Measures what all of it adds to the bare loop."""
    rounds, model = [], options.settings.model
    length = REPORTS * model.report_every
    for _ in range(options.rounds):
        with _child(project) as on, _child(project) as off:
            on.ask(whole=True, words=_words(options, 1))  # so that imports are not counted
            print("a training with all of it, alone", flush=True)
            alone = on.ask(whole=True, words=_words(options, length))
            print("trainings with and without, by turns", flush=True)
            seconds = [answer["steps"] for answer in _take_turns({on: {"whole": True}, off: {"whole": False}}, options)]
        turns, steps = pair_turns(*seconds, steps=STEPS_A_TURN), sum(alone["steps"])
        rounds.append(Round(turns=turns, **{**alone, "steps": steps}))
    intervals = model.steps / length
    return make_rows(rounds, intervals=intervals), find_goals(rounds, intervals=intervals, counts=counts(options))


def spool(project: Project, options: argparse.Namespace) -> tuple[list[Row], list[Goal]]:
    """Measures what the spool adds to a training that a server tracks."""
    answers, requests = [], ({"whole": True}, {"whole": True, "direct": True})
    folder = project.root / "server"
    folder.mkdir()
    with served(*SERVER, folder=folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false") as address:
        tracked = partial(_child, project, MLFLOW_TRACKING_URI=address)
        for number in range(options.rounds):
            print(f"trainings through the spool and without, by turns, {number + 1} of {options.rounds}", flush=True)
            with tracked() as through, tracked() as without:
                ways = dict(zip((through, without), requests, strict=True))
                for child, request in ways.items():
                    child.ask(**request, words=_words(options, 1))  # so that imports are not counted
                answers.append(_take_turns(ways, options))
    return spool_rows(answers), spool_goals(answers, counts=counts(options))


PARTS: Mapping[str, Part] = {"bare": bare, "spool": spool}


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


def spool_rows(answers: Sequence[Sequence[Answer]]) -> list[Row]:
    """Returns what the spool adds; an answer of a training through it and one without it are a round."""
    name, rows = "the spool, against calls that are waited for", []
    for way, own in zip(("through the spool", "without it"), zip(*answers, strict=True), strict=True):
        whole, tracking = [one["seconds"] for one in own], [one["parts"]["tracking"] for one in own]
        rows += [
            Row.of(f"a training {way}: whole", whole, unit="s"),
            Row.of(f"a training {way}: of which tracking between the steps", tracking, unit="s"),
        ]
    return [Row.of(f"{name}: {SHARE}", _spool_shares(answers), panel=SHARE), *rows]


def spool_goals(answers: Sequence[Sequence[Answer]], *, counts: bool) -> list[Goal]:
    """Compares what the spool adds with what was to be reached."""
    got = median(_spool_shares(answers))
    return [Goal.of("overhead of the spool, share", "<", MOST_SHARE, got=got, counts=counts)]


def _spool_shares(answers: Sequence[Sequence[Answer]]) -> list[float]:
    return [through["seconds"] / without["seconds"] - 1 for through, without in answers]


def _words(options: argparse.Namespace, steps: int) -> list[str]:
    return [*options.overrides, f"{options.settings.family}.steps={steps}"]


def _child(project: Project, **environment: str) -> Child:
    # The bar is drawn as on a terminal; see rich's `Console`.
    changes = {**project.environment(), "TTY_COMPATIBLE": "1", **environment}
    return Child("benchmarks.children.tracked", environment=changes, folder=project.root)


def _take_turns(requests: Mapping[Child, Answer], options: argparse.Namespace) -> list[Answer]:
    """Lets children train by turns, each as its request says, and returns their answers."""
    steps = REPORTS * options.settings.model.report_every
    for child, request in requests.items():
        child.send(**request, words=_words(options, steps), stop_every=STEPS_A_TURN)
        child.wait_until_stopped()
    for _, child in product(range(STEPS_A_TURN, steps, STEPS_A_TURN), requests):
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
