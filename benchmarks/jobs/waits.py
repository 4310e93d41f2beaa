"""What a user waits for before anything trains."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir

from benchmarks.jobs.sweeps import SMOKE, without_debug
from benchmarks.measuring.children import run_quietly
from benchmarks.measuring.projects import TRAIN, Project, borrowed_project
from benchmarks.measuring.results import Goal, Row
from pipeline.settings.overrides import plain
from pipeline.settings.paths import ROOT

UNKNOWN = "acgan.stepz=3"
SMALL_JUDGE = ("judge.epochs=1", "judge.batch_size=500")
GIT = ("git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org", "-c", "commit.gpgsign=false")
HELP, REFUSED, FIRST, NOTHING = "--help", "a refused setting", "the first training step", "dvc repro, nothing to do"
JOB = "a sweep job beyond its training"
MOST_SECONDS: Mapping[str, float] = {HELP: 2, REFUSED: 2, FIRST: 12, NOTHING: 5}


@dataclass(frozen=True)
class Places:
    """Two copies of the project: one with the user's settings, one small, whose stages have been run."""

    own: Project
    small: Project


@contextmanager
def prepared(data: Path, overrides: Sequence[str], stages: Sequence[str] = ()) -> Iterator[Places]:
    """Makes the copies, with a tracking store, a judge and files read from disk once.

    Args:
        data: The file of MNIST.
        overrides: Settings of every training.
        stages: Those that are run; all by default.
    """
    with borrowed_project(data) as own, borrowed_project(data, judges=False) as small:
        own.first_step(*first_words(overrides))
        _write_small_parameters(small, overrides)
        for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=a state")):
            run_quietly((*GIT, *words), folder=small.root, environment=small.environment())
        repro(small, stages)
        yield Places(own, small)


def waits(places: Places, overrides: Sequence[str], stages: Sequence[str] = ()) -> dict[str, Callable[[], float]]:
    """Gives what is waited for, each with what measures its seconds once."""
    return {
        HELP: partial(places.own.seconds, sys.executable, "-m", TRAIN, "--help"),
        REFUSED: partial(places.own.refusal, UNKNOWN),
        FIRST: partial(places.own.first_step, *first_words(overrides)),
        NOTHING: partial(repro, places.small, stages),
    }


def repro(project: Project, stages: Sequence[str]) -> float:
    """Gives the seconds of `dvc repro`, of all stages or of those named."""
    return project.seconds(sys.executable, "-m", "dvc", "repro", "--quiet", *stages)


def first_words(overrides: Sequence[str]) -> list[str]:
    """Gives the words of a training of one step."""
    return [*overrides, "acgan.steps=1"]


def make_rows(found: Mapping[str, Sequence[float]]) -> list[Row]:
    """Gives a row for each thing that is waited for."""
    return [Row.of(name, seconds, unit="s") for name, seconds in found.items()]


def find_goals(rows: Sequence[Row], *, counts: bool) -> list[Goal]:
    """Compares the medians with what was to be reached.

    Args:
        rows: Those of `make_rows`.
        counts: False where there were too few rounds or other settings.
    """
    bounds = [(row, MOST_SECONDS[row.name]) for row in rows if row.name in MOST_SECONDS]
    return [Goal.of(f"{row.name}, seconds", "<", bound, got=row.median, counts=counts) for row, bound in bounds]


def _write_small_parameters(project: Project, overrides: Sequence[str]) -> None:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        composed = compose("config", [*SMOKE, *SMALL_JUDGE, "data.limit=null", *without_debug(overrides)])
    known: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    numbers = {name: value for name, value in plain(composed).items() if name in known}
    (project.root / "params.yaml").write_text(yaml.safe_dump(numbers), encoding="utf-8")
