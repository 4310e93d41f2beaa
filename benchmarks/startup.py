"""How long a user waits before anything trains.

Timed by turns are `--help`; a setting that is refused; a training until its first step is done, with judge, tracking
store and files on a warm disk; and `dvc repro` where nothing is to be done, with the smoke test's numbers. Once, `dvc
repro` runs in a clean clone until the last early samples are drawn, the first digits that can be read: MNIST is
unpacked before them. All of it runs in copies of the project under `runs/`, which are removed.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import median

import yaml

from benchmarks.measuring import Benchmark, Goal, Panel, Results, Row, compare, counts, positive
from benchmarks.measuring.child import by_turns
from benchmarks.measuring.projects import TRAIN, Project, copied_project
from pipeline.settings.exits import REFUSED as STATUS
from pipeline.settings.overrides import compose_values

SMALL = ("+debug=smoke", "judge.epochs=1", "judge.batch_size=500", "data.limit=null")
GIT = ("git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org", "-c", "commit.gpgsign=false")
HELP, REFUSED, FIRST, NOTHING = "--help", "a refused setting", "the first training step", "dvc repro, nothing to do"
DIGITS = "from clean clone to first digits"
MOST_SECONDS: Mapping[str, float] = {HELP: 2, REFUSED: 2, FIRST: 12, NOTHING: 5, DIGITS: 90}
REPRO = (sys.executable, "-m", "dvc", "repro")
PANELS = tuple(Panel(f"{name}, seconds", bound=MOST_SECONDS[name]) for name in MOST_SECONDS)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=positive, default=5, help="how often each is waited for")
    parser.add_argument("--stage", action="append", default=[], help="again for another stage; all by default")


def measure(options: argparse.Namespace) -> Results:
    """Waits for each by turns, in one copy with the user's settings and a small one whose stages have been run."""
    print("copying the project, and running the stages of one copy, small", flush=True)
    with ExitStack() as stack:
        own, small, clone = (stack.enter_context(copied_project(options.settings.data.file)) for _ in range(3))
        _commit(small, *SMALL, *options.overrides)
        _commit(clone, *options.overrides)
        measures = waits(own, small, options)
        by_turns(measures, 1)
        found = by_turns(measures, options.rounds)
        drawn = f"step-{max(options.settings.tracking.early_samples):07}.npy"
        found[DIGITS] = [clone.wait_for(f"runs/dvc/*/*/models/samples/{drawn}", *REPRO, "train@acgan")]
    goals = find_goals(found, counts=counts(options) and not options.stage)
    return Results(make_rows(found), goals, "Seconds from the start of a command, on a warm disk.")


def waits(own: Project, small: Project, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """Returns what is waited for, each with what measures its seconds once."""
    return {
        HELP: partial(own.run, *TRAIN, "--help"),
        REFUSED: partial(own.run, *TRAIN, "acgan.stepz=3", status=STATUS),
        FIRST: partial(own.first_step, *options.overrides),
        NOTHING: partial(small.run, *REPRO, "--quiet", *options.stage),
    }


def make_rows(found: Mapping[str, Sequence[float]]) -> list[Row]:
    """Returns a row for each thing that is waited for."""
    return [Row.of(f"{name}: wait", values, unit="s", panel=f"{name}, seconds") for name, values in found.items()]


def find_goals(found: Mapping[str, Sequence[float]], *, counts: bool) -> list[Goal]:
    """Compares the medians with what was to be reached."""
    wanted = ((f"{name}, seconds", "<", MOST_SECONDS[name], median(values)) for name, values in found.items())
    return compare(*wanted, counts=counts)


def _commit(project: Project, *overrides: str) -> None:
    """Commits a project with the overrides in its params.yaml."""
    numbers = project.root / "params.yaml"
    values, known = compose_values(overrides), yaml.safe_load(numbers.read_text(encoding="utf-8"))
    numbers.write_text(yaml.safe_dump({name: values[name] for name in known}), encoding="utf-8")
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=a state")):
        project.run(*GIT, *words)


BENCHMARK = Benchmark("startup", "What a user waits for", PANELS, measure, _add_options)

if __name__ == "__main__":
    BENCHMARK.main()
