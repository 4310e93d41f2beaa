"""The files of a training, by name: what it leaves behind, and the folder that it works in."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from pipeline.data.files import write_json, write_text
from pipeline.settings import paths
from pipeline.settings.errors import PipelineError

LAYOUT = 3  # of a run's files and metadata; runs of another one are refused


class NotTrainedError(PipelineError):
    """A folder holds no finished training, or one of another family or an earlier version."""


class RunFiles:
    """What a training leaves behind, and what later stages add to it.

    Args:
        models: The folder `models` in the run's, or `models/FAMILY`, which DVC tracks.
        reports: The folder `reports` in the run's, or `reports/FAMILY`, which DVC tracks.

    Attributes:
        metadata_file: What decided the training, its tracking run, and once it has finished its length and best step.
        state: The state after the last step, with the history; a longer training starts from it.
        samples: The folder of the sample tiles of each report.
        layers: The folder of each layer's last weights, a folder a model.
        losses: The folder of the curves as CSV.
        metrics: The headline of an evaluation, as `dvc metrics` reads it.
        evaluation: The folder of all that an evaluation found, with tables and pictures.
        pictures: The folder that a rendering replaces.
        page: The report on the run, one file.
        exports: The folder of models for other programs.
    """

    def __init__(self, models: Path, reports: Path) -> None:
        self.models, self.reports = models, reports
        self.metadata_file = models / paths.METADATA
        self.state = models / "state.npz"
        self.samples = models / "samples"
        self.layers = models / "layers"
        self.losses = reports / "losses"
        self.metrics = reports / "metrics.json"
        self.evaluation = reports / "evaluation"
        self.pictures = reports / "pictures"
        self.page = reports / "index.html"
        self.exports = reports / "exports"

    def weights(self, which: str) -> Path:
        """The folder of the models with the weights of the `best` report or the `last` step."""
        return self.models / which

    def report_weights(self, step: int) -> Path:
        """The folder of the models at one report, where every report's are kept."""
        return self.models / "reports" / f"step-{step:07d}"

    def metadata(self) -> dict[str, Any]:
        """Reads the metadata; empty before the first.

        Raises:
            NotTrainedError: The file is damaged.
        """
        file = self.metadata_file
        try:
            metadata: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
            if not isinstance(metadata, dict):
                raise ValueError("it must be a block")
        except ValueError as error:
            remedy = f"Restore it, as by `dvc checkout`, or delete {paths.display(self.models)} and train anew"
            raise NotTrainedError(f"{paths.display(file)} is damaged: {error}. {remedy}") from error
        return metadata

    def update_metadata(self, **metadata: Any) -> None:
        """Adds to the metadata, such as the tracking run's id."""
        write_json({**self.metadata(), **metadata}, self.metadata_file)


class RunFolder(RunFiles):
    """The folder of one training.

    Args:
        path: The folder.

    Attributes:
        checkpoint: The state from which an interrupted training resumes; gone once it has finished. That of a training
            that diverged stays.
        previous_checkpoint: The state before it, in case the file is damaged; gone once the training has ended.
        latest_samples: The picture of the latest samples, for whoever watches the training.
        spool: What a tracking server has yet to take; gone once it has.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path / "models", path / "reports")
        self.path = path
        self.exports = path / "exports"
        self.checkpoint = path / "checkpoint.npz"
        self.previous_checkpoint = path / "checkpoint-previous.npz"
        self.latest_samples = path / "samples.png"
        self.spool = path / "spool"
        self._end_mark = path / "ended"

    def best_checkpoint(self, step: int) -> Path:
        """The weights at the report of a step, while it is the best; gone once the training has ended."""
        return self.path / f"best-{step:07d}.npz"

    def keep_best_checkpoints(self, *steps: int | None) -> None:
        """Removes the weights of former best reports, all but those at some steps."""
        kept = {self.best_checkpoint(step) for step in steps if step is not None}
        for file in self.path.glob("best-*.npz"):
            if file not in kept:
                file.unlink()

    def ended(self) -> bool:
        """Whether the training came to its own end, so that it is not resumed."""
        return self._end_mark.exists()

    def end(self, how: str, *, keep_checkpoint: bool = False) -> None:
        """Marks the training as ended and removes what an interrupted one resumes from, but a checkpoint to be kept."""
        write_text(f"{how}\n", self._end_mark)
        if not keep_checkpoint:
            self.checkpoint.unlink(missing_ok=True)
        self.previous_checkpoint.unlink(missing_ok=True)
        self.keep_best_checkpoints()

    def publish(self, target: RunFiles) -> None:
        """Puts the outputs where DVC tracks them, whole, and only then ends and removes this folder.

        The metadata, by which they are known, go first and come last. What the tracking server has yet to take stays.
        """
        target.metadata_file.unlink(missing_ok=True)
        for former in (target.models, target.losses):
            shutil.rmtree(former, ignore_errors=True)
        for source, folder in ((self.models, target.models), (self.reports, target.reports)):
            ignored = shutil.ignore_patterns(self.metadata_file.name)
            shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=link_or_copy, ignore=ignored)
        if self.metadata_file.exists():
            link_or_copy(self.metadata_file, target.metadata_file)
        self.end("published")
        for path in self.path.iterdir() if self.spool.exists() else [self.path]:
            if path.is_dir() and path != self.spool:
                shutil.rmtree(path)


def dvc_files(family: str) -> RunFiles:
    """The files of a family's training that DVC tracks."""
    return RunFiles(paths.ROOT / "models" / family, paths.ROOT / "reports" / family)


def find_files(finished: Path) -> RunFiles:
    """Finds what a finished training left behind, in a run's folder or in the folder of its models.

    Raises:
        NotTrainedError: It holds no finished training.
    """
    for files in (RunFolder(finished), RunFiles(finished, finished / "reports")):
        if "steps" in files.metadata():
            return files
    raise NotTrainedError(
        f"{paths.display(finished)} must hold a finished training: run `dvc repro` or `dvc pull`, "
        "or name one as runs/FAMILY/NAME"
    )


def link_or_copy(source: Path | str, target: Path | str) -> None:
    """Links a file to a second name, in place of what has it; copies where the file system has no links.

    Both names are one file: for files that are replaced whole and never changed.
    """
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
