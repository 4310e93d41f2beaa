"""A copy of the project to run commands in, so that the user's runs, models and tracking store stay as they are."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks import UNTOUCHED
from benchmarks.measuring.child import changed, last_line
from benchmarks.measuring.results import BenchmarkError
from pipeline.settings.paths import ROOT, STORE_ROOT

COPIED = (
    *("benchmarks", "pipeline", "conf", "hydra_plugins"),
    *("params.yaml", "dvc.yaml", ".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore"),
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "results")
UNSET = ("MLFLOW_TRACKING_URI", "DVC_STAGE", "DVC_EXP_NAME", "PIPELINE_ROOT", "PYTHONPATH")
TRAIN = (sys.executable, "-m", "pipeline.train")
SECONDS_A_LOOK, PATIENCE_SECONDS = 0.01, 60


@dataclass(frozen=True)
class Project:
    """A copy of the project in the folder `root`, with a tracking store of its own; MNIST comes from `images`."""

    root: Path
    images: Path

    def environment(self) -> dict[str, str | None]:
        """Returns what is changed in the user's environment for commands in it; None takes out what leads elsewhere."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{UNTOUCHED.get('PATH', '')}"
        return {**dict.fromkeys(UNSET), "PATH": path, "MNIST_DIR": str(self.images)}

    def place(self) -> dict[str, Any]:
        """Returns the folder and the whole environment of commands in it, as `subprocess` takes them."""
        return {"cwd": self.root, "env": changed(UNTOUCHED, self.environment())}

    def run(self, *command: str, status: int = 0) -> float:
        """Runs a command quietly and returns its seconds; a `BenchmarkError` where it ends with another status."""
        began = time.perf_counter()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, **self.place())
        seconds = time.perf_counter() - began
        if done.returncode != status:
            words, said = " ".join((Path(command[0]).name, *command[1:])), last_line(done.stderr or done.stdout)
            raise BenchmarkError(f"`{words}` must end with status {status}. Received: {done.returncode}: {said}")
        return seconds

    def first_step(self, *overrides: str) -> float:
        """Returns the seconds from a training's start until its first step is done, then ends it.

        A training set to write its state after every step is waited for until that file appears.
        """
        command = (*TRAIN, *overrides, "acgan.steps=1", "tracking.checkpoint_seconds=0.001")
        seconds = self.wait_for("runs/*/*/checkpoint.*", *command)
        shutil.rmtree(self.root / "runs" / "acgan")
        return seconds

    def wait_for(self, pattern: str, *command: str) -> float:
        """Returns the seconds from a command's start until there is a file of some name, then ends it."""
        began = time.perf_counter()
        with started(command, **self.place()) as process:
            while process.poll() is None and not list(self.root.glob(pattern)):
                time.sleep(SECONDS_A_LOOK)
            seconds = time.perf_counter() - began
            if process.poll() is not None:
                raise BenchmarkError(f"`{' '.join(command)}` must make {pattern}. Received: its end without that file")
        return seconds


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a command quietly in a session of its own; at the end of the block it and what it started are terminated."""
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen(command, **quiet, **options) as process:
        try:
            yield process
        finally:
            with suppress(psutil.NoSuchProcess, ProcessLookupError):  # it may have ended
                started_by_it = psutil.Process(process.pid).children(recursive=True)
                os.killpg(process.pid, signal.SIGTERM)
                psutil.wait_procs(started_by_it, timeout=PATIENCE_SECONDS)


@contextmanager
def copied_project(data: Path) -> Iterator[Project]:
    """Copies the project into `runs/` for as long as the block lasts, without runs, models or a tracking store.

    The first training in it trains a judge.
    """
    place = STORE_ROOT / "runs"
    place.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="benchmark-", dir=place) as folder:
        root = Path(folder).resolve()
        for name in COPIED:
            copy = partial(shutil.copytree, ignore=LEFT_OUT) if (ROOT / name).is_dir() else shutil.copy
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / name, root / name)
        (root / "data").mkdir()
        shutil.copy(data, root / "data" / "mnist.npz")
        yield Project(root, data.parent)
