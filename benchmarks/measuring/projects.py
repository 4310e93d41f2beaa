"""A copy of the project to run commands in, so that the user's runs, models and tracking store stay as they are."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import UNTOUCHED
from benchmarks.measuring.children import changed, run_quietly
from benchmarks.measuring.errors import BenchmarkError
from pipeline.settings.exits import REFUSED
from pipeline.settings.paths import ROOT, STORE_ROOT

FOLDERS = ("benchmarks", "pipeline", "conf")
FILES = ("params.yaml", "dvc.yaml", ".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore")
JUDGES = ("models/judge", "runs/judges")
UNSET = ("MLFLOW_TRACKING_URI", "DVC_STAGE", "DVC_EXP_NAME", "PIPELINE_ROOT", "PYTHONPATH")
TRAIN = "pipeline.train"
LOOKED_EVERY = 0.01
PATIENCE_SECONDS = 900


@dataclass(frozen=True)
class Project:
    """A copy of the project; its tracking store is its own.

    Attributes:
        root: Its folder.
        images: The folder that its stage fetch takes MNIST from.
    """

    root: Path
    images: Path

    def changes(self, **own: str) -> dict[str, str | None]:
        """Gives what is changed in the user's environment for commands in it; None takes out what leads elsewhere."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{UNTOUCHED.get('PATH', '')}"
        return {**dict.fromkeys(UNSET), "PATH": path, "MNIST_DIR": str(self.images), **own}

    def environment(self, **own: str) -> dict[str, str]:
        """Gives all of the environment of commands in it, with some variables of their own."""
        return changed(UNTOUCHED, self.changes(**own))

    def seconds(self, *command: str, **changes: str) -> float:
        """Gives the seconds that a command takes from its start to its end.

        Args:
            *command: The program and its arguments.
            **changes: Variables of its environment.

        Raises:
            BenchmarkError: It did not end with status 0.
        """
        started = time.perf_counter()
        run_quietly(command, folder=self.root, environment=self.environment(**changes))
        return time.perf_counter() - started

    def train(self, *overrides: str, **changes: str) -> float:
        """Gives the seconds that `python -m pipeline.train` takes; see `seconds`."""
        return self.seconds(sys.executable, "-m", TRAIN, *overrides, **changes)

    def refusal(self, *overrides: str) -> float:
        """Gives the seconds after which a training with settings that are not sound is refused.

        Raises:
            BenchmarkError: It was not.
        """
        started = time.perf_counter()
        command = [sys.executable, "-m", TRAIN, *overrides]
        done = subprocess.run(command, cwd=self.root, env=self.environment(), capture_output=True, check=False)
        if done.returncode != REFUSED:
            raise BenchmarkError(f"`{overrides[-1]}` must be refused. Received: exit status {done.returncode}")
        return time.perf_counter() - started

    def first_step(self, *overrides: str) -> float:
        """Gives the seconds from a training's start until its first step is done, then ends it and removes its folder.

        A training told to write its state after every step is waited for until that file appears.

        Raises:
            BenchmarkError: The training ended before.
        """
        command = [sys.executable, "-m", TRAIN, *overrides, "tracking.checkpoint_seconds=0.001"]
        started = time.perf_counter()
        with subprocess.Popen(
            command, cwd=self.root, env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                while not list((self.root / "runs").glob("*/*/checkpoint.*")):
                    if process.poll() is not None or time.perf_counter() - started > PATIENCE_SECONDS:
                        raise BenchmarkError(f"a training must take a step. Received: {' '.join(overrides)}")
                    time.sleep(LOOKED_EVERY)
                seconds = time.perf_counter() - started
            finally:
                process.terminate()
        self.forget_runs()
        return seconds

    def forget_runs(self) -> None:
        """Removes the folders of all trainings."""
        shutil.rmtree(self.root / "runs" / "acgan", ignore_errors=True)


@contextmanager
def borrowed_project(data: Path, *, judges: bool = True) -> Iterator[Project]:
    """Copies the project for as long as the block lasts.

    The copy lies in `runs/`, on the disk that the user's trainings write to.

    Args:
        data: The file of MNIST.
        judges: Whether the judges that are there come along; without them the first training calibrates one.

    Yields:
        The copy, with sources, settings and data, and without runs, models or a tracking store.
    """
    place = STORE_ROOT / "runs"
    place.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="benchmark-", dir=place) as folder:
        root = Path(folder).resolve()
        for name in FOLDERS:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
        for name in (*FILES, *(JUDGES if judges else ())):
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, root / name)
            elif (ROOT / name).exists():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)
        (root / "data").mkdir()
        shutil.copy(data, root / "data" / "mnist.npz")
        yield Project(root, data.parent)
