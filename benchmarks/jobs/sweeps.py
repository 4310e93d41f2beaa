"""Sweeps of so many jobs, and two trainings side by side against one after the other."""

import time
from collections.abc import Sequence

from benchmarks.measuring.errors import BenchmarkError
from benchmarks.measuring.projects import Project

SMOKE = ("+debug=smoke",)
STEPS, MORE_STEPS = 2, 102


def sweep_words(jobs: int, *overrides: str, steps: int = STEPS) -> list[str]:
    """Gives the words of a sweep of small trainings that differ in their seed, each with one report.

    Args:
        jobs: How many.
        *overrides: Other settings of each; a choice of `debug` is left out, since small ones have theirs.
        steps: Of each training.
    """
    seeds = ",".join(map(str, range(jobs)))
    length = [f"acgan.steps={steps}", f"acgan.report_every={steps}"]
    return [*SMOKE, *length, *without_debug(overrides), f"seed={seeds}", "hydra.mode=MULTIRUN"]


def without_debug(overrides: Sequence[str]) -> list[str]:
    """Leaves out a choice of `debug`, which may be made once."""
    return [word for word in overrides if not word.startswith("+debug=")]


def beyond_training(project: Project, *overrides: str, jobs: int = 3) -> float:
    """Gives the seconds that one more job costs a sweep beyond its steps.

    A sweep of one job stands against one of several, which leaves the start out, and against one whose training is a
    hundred steps longer, which tells what the steps themselves take.

    Args:
        project: Where to run; its store is there already.
        *overrides: Other settings of each job.
        jobs: Of the larger sweep, two or more.
    """
    one = project.train(*sweep_words(1, *overrides))
    several = project.train(*sweep_words(jobs, *overrides))
    longer = project.train(*sweep_words(1, *overrides, steps=MORE_STEPS))
    a_step = (longer - one) / (MORE_STEPS - STEPS)
    return (several - one) / (jobs - 1) - STEPS * a_step


def ends_of_jobs(project: Project, jobs: int, *overrides: str) -> list[float]:
    """Gives the seconds from the start of a sweep until each of its jobs has ended, in their order.

    Args:
        project: Where to run; its store is there already.
        jobs: How many.
        *overrides: Other settings of each job.

    Raises:
        BenchmarkError: Fewer jobs have ended.
    """
    project.forget_runs()
    began = time.time()
    project.train(*sweep_words(jobs, *overrides))
    ends = sorted(file.stat().st_mtime - began for file in (project.root / "runs").glob("acgan/*/ended"))
    if len(ends) != jobs:
        raise BenchmarkError(f"a sweep of {jobs} jobs must end as many. Received: {len(ends)}")
    return ends


def one_after_the_other(project: Project, overrides: Sequence[str]) -> float:
    """Gives the seconds of a sweep of two trainings, which has all threads."""
    return project.train(*overrides, "seed=0,1", "hydra.mode=MULTIRUN")


def side_by_side(project: Project, overrides: Sequence[str]) -> float:
    """Gives the seconds of the same sweep whose trainings run at once, each with half of the threads."""
    return project.train(*overrides, "seed=0,1", "hydra.mode=MULTIRUN", "compute.jobs=2")
