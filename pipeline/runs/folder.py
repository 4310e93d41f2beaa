"""Where a training writes: a folder of its own, which the same command finds again after an interruption."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.data.code import DIGITS
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import display


class NotTrainedError(PipelineError):
    """A folder holds no finished training, or one of another version."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one training.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def checkpoint(self) -> Path:
        """The state an interrupted training goes on from; gone once it has finished."""
        return self.path / "checkpoint.npz"

    @property
    def models(self) -> Path:
        """What the training leaves behind, in the layout of `models/FAMILY`."""
        return self.path / "models"

    @property
    def reports(self) -> Path:
        """Figures and pictures, in the layout of `reports/FAMILY`."""
        return self.path / "reports"

    def ended(self) -> bool:
        """Tells whether the training came to its own end, so that it is never taken for an interrupted one."""
        return (self.path / "ended").exists()

    def end(self, how: str) -> None:
        """Marks the training as ended and drops what an interrupted one goes on from."""
        (self.path / "ended").write_text(f"{how}\n", encoding="utf-8")
        self.checkpoint.unlink(missing_ok=True)
        self.keep_best(None)

    def best(self, step: int) -> Path:
        """Gives where the halves' weights at the report of a step are while it is the best; gone in the end."""
        return self.path / f"best-{step:07d}.npz"

    def keep_best(self, step: int | None) -> None:
        """Drops the weights of reports that were the best, but for one that may still be gone on from."""
        for file in self.path.glob("best-*.npz"):
            if step is None or file != self.best(step):
                file.unlink()

    def update_metadata(self, **metadata: Any) -> None:
        """Adds metadata, such as the tracking run's id, to `run.json` among the models."""
        write_metadata(self.models, {**self.metadata(), **metadata})

    def metadata(self) -> dict[str, Any]:
        """Gives the metadata of `run.json`, none before the first."""
        return read_metadata(self.models)

    def publish(self, *, models: Path, reports: Path) -> None:
        """Puts the outputs into the folders that DVC tracks, whole, and only then ends and removes this one."""
        shutil.copytree(self.models, models, dirs_exist_ok=True, copy_function=link_or_copy)
        shutil.copytree(self.reports, reports, dirs_exist_ok=True, copy_function=link_or_copy)
        self.end("handed over")
        shutil.rmtree(self.path)


def find_models(finished: Path) -> Path:
    """Finds the models that a finished training left behind.

    Args:
        finished: A run's folder, or the folder of its models.

    Raises:
        NotTrainedError: It holds no finished training.
    """
    for models in (finished / "models", finished):
        if "steps" in read_metadata(models):
            return models
    raise NotTrainedError(
        f"{display(finished)} must hold a finished training: run `dvc repro` or `dvc pull`, "
        "or name one as runs/FAMILY/NAME"
    )


def read_metadata(models: Path) -> dict[str, Any]:
    """Gives what `models/run.json` says of the run that trained the models; nothing if there is none."""
    file = models / "run.json"
    try:
        metadata: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except ValueError as error:
        raise NotTrainedError(f"{display(file)} is damaged: {error}") from error
    return metadata


def write_metadata(models: Path, metadata: Mapping[str, Any]) -> None:
    """Writes `models/run.json`, aside first."""
    models.mkdir(parents=True, exist_ok=True)
    aside = models / "run.aside"
    aside.write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8", newline="\n")
    aside.replace(models / "run.json")


@contextmanager
def claim(parent: Path, digest: str) -> Iterator[RunFolder]:
    """Claims the folder of a training: an interrupted one with the same digest, else a new one.

    Args:
        parent: Where the family's folders lie.
        digest: What names the training: a hash of its settings, data and code.

    Yields:
        `parent/DIGEST-NUMBER`, locked against other processes meanwhile. Numbers whose training has ended or is
        under way elsewhere are passed over.
    """
    for number in count(1):
        folder = RunFolder(parent / f"{digest[:DIGITS]}-{number}")
        folder.path.mkdir(parents=True, exist_ok=True)
        try:
            held = FileLock(folder.path.with_name(f".{folder.path.name}.lock"), timeout=0).acquire()
        except Timeout:
            continue
        with held:
            if not folder.ended():
                yield folder
                return


def link_or_copy(source: Path | str, target: Path | str) -> None:
    """Gives a file another name, in place of what has it; copies where the file system knows one name a file.

    Both names are one file: for files that are replaced whole and never written on.
    """
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
