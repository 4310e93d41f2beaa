"""How long a user waits before anything trains.

Timed by turns are `--help`; a setting that is refused; a training until its first step is done, with judge, tracking
store and files on a warm disk; and `dvc repro` where nothing is to be done. All of it runs in copies of the project
under `runs/`, which are removed; `dvc repro` has the smoke test's numbers there.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import yaml

from benchmarks.measuring.benchmark import Benchmark, counts, positive
from benchmarks.measuring.picture import Panel
from benchmarks.measuring.projects import TRAIN, Project, copied_project
from benchmarks.measuring.results import Goal, Results, Row
from benchmarks.measuring.turns import by_turns
from pipeline.data.sources import ensure_fetched
from pipeline.settings.exits import REFUSED as STATUS
from pipeline.settings.overrides import compose_settings, compose_values
from pipeline.settings.paths import ROOT

SMALL = ("+debug=smoke", "judge.epochs=1", "judge.batch_size=500", "data.limit=null")
GIT = ("git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org", "-c", "commit.gpgsign=false")
HELP, REFUSED, FIRST, NOTHING = "--help", "a refused setting", "the first training step", "dvc repro, nothing to do"
MOST_SECONDS: Mapping[str, float] = {HELP: 2, REFUSED: 2, FIRST: 12, NOTHING: 5}
PANELS = tuple(Panel(f"{name}, seconds", bound=MOST_SECONDS[name]) for name in MOST_SECONDS)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=positive, default=5, help="how often each is waited for")
    parser.add_argument("--stages", nargs="+", default=(), metavar="STAGE", help="of `dvc repro`; all by default")


def measure(options: argparse.Namespace) -> Results:
    """Waits for each by turns."""
    settings = compose_settings(options.overrides)
    ensure_fetched(settings.data, report=print, progress=False)
    print("copying the project, and running the stages of one copy, small", flush=True)
    with prepared(settings.data.file, options.overrides, options.stages) as (own, small):
        found = by_turns(waits(own, small, options.overrides, options.stages), options.rounds)
    goals = find_goals(found, counts=counts(options) and not options.stages)
    return Results(make_rows(found), goals, "Seconds from the start of a command, on a warm disk.")


@contextmanager
def prepared(data: Path, overrides: Sequence[str], stages: Sequence[str]) -> Iterator[tuple[Project, Project]]:
    """Makes two copies of the project, one with the user's settings and one small, whose stages have been run."""
    known = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    values = compose_values([*SMALL, *overrides])
    numbers = yaml.safe_dump({name: value for name, value in values.items() if name in known})
    with copied_project(data) as own, copied_project(data, judges=False) as small:
        own.first_step(*overrides)
        (small.root / "params.yaml").write_text(numbers, encoding="utf-8")
        for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=a state")):
            small.run(*GIT, *words)
        _repro(small, stages)
        yield own, small


def waits(
    own: Project, small: Project, overrides: Sequence[str], stages: Sequence[str]
) -> dict[str, Callable[[], float]]:
    """Returns what is waited for, each with what measures its seconds once."""
    return {
        HELP: partial(own.run, *TRAIN, "--help"),
        REFUSED: partial(own.run, *TRAIN, "acgan.stepz=3", status=STATUS),
        FIRST: partial(own.first_step, *overrides),
        NOTHING: partial(_repro, small, stages),
    }


def make_rows(found: Mapping[str, Sequence[float]]) -> list[Row]:
    """Returns a row for each thing that is waited for."""
    return [Row.of(f"{name}: wait", values, unit="s", panel=f"{name}, seconds") for name, values in found.items()]


def find_goals(found: Mapping[str, Sequence[float]], *, counts: bool) -> list[Goal]:
    """Compares the medians with what was to be reached."""
    return [
        Goal.of(f"{name}, seconds", "<", MOST_SECONDS[name], got=median(values), counts=counts)
        for name, values in found.items()
    ]


def _repro(project: Project, stages: Sequence[str]) -> float:
    return project.run(sys.executable, "-m", "dvc", "repro", "--quiet", *stages)


BENCHMARK = Benchmark("startup", "What a user waits for", PANELS, measure, _add_options)

if __name__ == "__main__":
    BENCHMARK.main()
