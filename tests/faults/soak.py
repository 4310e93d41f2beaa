"""One training killed and resumed at random for MINUTES: `make soak MINUTES=120`. Exits with 1 where something grows.

What must stay as it is: the memory and the open files of the training's process, and the number of files of its run.
"""

import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from pipeline.settings.paths import ROOT
from tests.projects import Project

# Without reports, whose samples are kept, and with few points, which are a part of the history.
SETTINGS = (
    *("+debug=smoke", "acgan.generator.filters=[8,8,8]", "acgan.discriminator.filters=[4,4,4,4]"),
    *("acgan.steps=1000000000", "acgan.report_every=1000000000", "tracking.losses_every=100000"),
    *("tracking.checkpoint_seconds=1", "tracking.system_metrics=false"),
)
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WARM_SECONDS, LIFE_SECONDS = 20, (10, 90)
GROWTH = 1.1  # of the later half's median over the earlier one's


@dataclass(frozen=True)
class Life:
    """One process of the training: its largest memory in bytes once warm, its open files, and the files of its run."""

    memory: int
    opened: int
    files: int


def soak(minutes: float) -> list[str]:
    """Returns the names of what grew."""
    draw = random.Random()
    end = time.monotonic() + 60 * minutes
    lives: list[Life] = []
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        project = Project.copied_to(Path(folder) / "project", ROOT / "data" / "mnist.npz")
        while time.monotonic() < end or len(lives) < 4:
            lives.append(live(project, draw))
            sys.stdout.write(f"{len(lives)}: {lives[-1]}\n")
            sys.stdout.flush()
    # The first process also trains the judge.
    first, second = lives[1 : len(lives) // 2 + 1], lives[len(lives) // 2 + 1 :]
    return [name for name in vars(lives[0]) if typical(second, name) > GROWTH * typical(first, name)]


def typical(lives: list[Life], name: str) -> float:
    return float(median(getattr(life, name) for life in lives))


def live(project: Project, draw: random.Random) -> Life:
    """Starts the training, or resumes it, and ends it by a random signal after a random time."""
    started = project.train(*SETTINGS)
    process = psutil.Process(started.process.pid)
    before = written(project)
    while written(project) == before:
        if started.process.poll() is not None:
            raise SystemExit(f"the training ended by itself:\n{started.finish().stderr}")
        time.sleep(0.2)
    memory = opened = 0
    end = time.monotonic() + WARM_SECONDS + draw.uniform(*LIFE_SECONDS)
    while time.monotonic() < end:
        time.sleep(1)
        memory, opened = max(memory, process.memory_info().rss), max(opened, process.num_fds())
    started.process.send_signal(draw.choice(SIGNALS))
    started.finish()
    (run,) = project.folders()
    return Life(memory, opened, sum(not file.name.startswith(".") for file in run.rglob("*")))


def written(project: Project) -> int:
    """When the last checkpoint was written, in nanoseconds; 0 before the first."""
    return max((file.stat().st_mtime_ns for run in project.folders() for file in run.glob("checkpoint.npz")), default=0)


if __name__ == "__main__":
    grown = soak(float(os.environ.get("MINUTES") or 5))
    sys.exit(f"error: these grew: {', '.join(grown)}" if grown else 0)
