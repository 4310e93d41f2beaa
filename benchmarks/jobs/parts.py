"""The parts of `benchmarks.scale`: what grows → panels of curves, rows and goals."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from benchmarks.jobs.growth import Curve, Size, over_batches, over_steps, over_threads, over_widths
from benchmarks.jobs.sweeps import ends_of_jobs, one_after_the_other, side_by_side, sweep_words
from benchmarks.measuring.children import Child
from benchmarks.measuring.picture import Bars, Growth
from benchmarks.measuring.projects import borrowed_project
from benchmarks.measuring.results import Goal, Row
from benchmarks.measuring.turns import FEWEST_ROUNDS, by_turns, ratios

GAIN = 1.2
POINTS, REPEATS = 150, 5
ONE_AFTER_THE_OTHER, SIDE_BY_SIDE = "two trainings, one after the other", "two trainings, side by side"


@dataclass(frozen=True)
class Found:
    """What a part found.

    Attributes:
        panels: Curves and bars; their rows are told, too.
        more: Rows that no panel shows.
        goals: What was to be reached.
    """

    panels: Sequence[Growth | Bars] = ()
    more: Sequence[Row] = ()
    goals: Sequence[Goal] = ()

    @property
    def rows(self) -> list[Row]:
        """All rows."""
        shown = [panel.curves.values() if isinstance(panel, Growth) else [panel.rows] for panel in self.panels]
        return [row for curves in shown for curve in curves for _, row in curve] + list(self.more)


def steps(options: argparse.Namespace) -> Found:
    """Finds what later steps of a long training cost."""
    curves = over_steps(_size(options))
    return Found([_panel("a step, seconds", "steps taken", curves["seconds"])], _rows(curves["memory"]))


def batches(options: argparse.Namespace) -> Found:
    """Finds what steps of many batch sizes cost."""
    curves = over_batches(_size(options), options.batches)
    panels = [
        _panel("a step, seconds", "batch size", curves["seconds"]),
        _panel("images a second", "batch size", curves["speed"]),
        _panel("peak memory, GB", "batch size", curves["memory"]),
    ]
    return Found(panels)


def widths(options: argparse.Namespace) -> Found:
    """Finds what wider generators cost."""
    return Found([_panel("a step, seconds", "width of the generator", over_widths(_size(options))["seconds"])])


def threads(options: argparse.Namespace) -> Found:
    """Finds what a second thread is worth to one training, and to two."""
    curves = over_threads(_size(options))
    return Found([_panel("a step, seconds", "threads", curves["seconds"])], _rows(curves["side by side"]))


def sweep(options: argparse.Namespace) -> Found:
    """Finds when each job of one sweep ends."""
    with borrowed_project(options.data) as project:
        project.train(*sweep_words(1, *options.overrides))
        ends = ends_of_jobs(project, options.jobs, *options.overrides)
    counts = sorted({*(2**power for power in range(options.jobs.bit_length())), options.jobs})
    rows = [Row.of(f"a sweep until job {count} has ended", [ends[count - 1]], unit="s") for count in counts]
    return Found([_panel("a sweep of small trainings, seconds", "jobs", list(zip(counts, rows, strict=True)))])


def beside(options: argparse.Namespace) -> Found:
    """Finds whether two trainings side by side, a thread each, take less time than a sweep of them."""
    length = options.beside_steps
    words = [*options.overrides, f"acgan.steps={length}", f"acgan.report_every={length}"]
    with borrowed_project(options.data) as project:
        project.train(*words[:-2], "acgan.steps=1", "acgan.report_every=1")
        measures = {
            ONE_AFTER_THE_OTHER: partial(one_after_the_other, project, words),
            SIDE_BY_SIDE: partial(side_by_side, project, words),
        }
        found = by_turns(measures, options.rounds)
    gains = ratios(found[ONE_AFTER_THE_OTHER], found[SIDE_BY_SIDE])
    rows = [Row.of(f"{name}, {length} steps each", seconds, unit="s") for name, seconds in found.items()]
    gain = Row.of("throughput side by side against one after the other", gains, unit="ratio")
    counts = options.rounds >= FEWEST_ROUNDS and not options.overrides
    goal = Goal.of("two trainings side by side, throughput", ">=", GAIN, got=median(gains), counts=counts)
    panel = Bars(
        "two trainings, ratio of throughputs", [("side by side against one after the other", gain)], bound=GAIN
    )
    return Found([panel], rows, [goal])


def store(options: argparse.Namespace) -> Found:
    """Finds how long a run takes to log, and all runs to list, in stores of more and more runs."""
    with Child("benchmarks.jobs.store", environment={"MLFLOW_TRACKING_URI": None}) as child:
        answers = {runs: child.ask(points=POINTS, runs=runs, repeats=REPEATS) for runs in options.runs}
    log = [(runs, Row.of(f"store of {runs} runs: log one", each["log"], unit="s")) for runs, each in answers.items()]
    listed = [(runs, Row.of(f"store of {runs} runs: list", each["list"], unit="s")) for runs, each in answers.items()]
    curves: Mapping[str, Curve] = {"log a run": log, "list all runs": listed}
    return Found([Growth("MLflow's store, seconds", "runs in the store", curves)])


PARTS: Mapping[str, Callable[[argparse.Namespace], Found]] = {
    "steps": steps,
    "batches": batches,
    "widths": widths,
    "threads": threads,
    "sweep": sweep,
    "beside": beside,
    "store": store,
}


def _size(options: argparse.Namespace) -> Size:
    return Size(options.rounds, options.steps, tuple(options.overrides))


def _panel(title: str, over: str, curve: Curve) -> Growth:
    return Growth(f"{title}, by {over}", over, {title: curve})


def _rows(curve: Curve) -> list[Row]:
    return [row for _, row in curve]
