"""Which finished training a stage reads or starts from; known before anything heavy is imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.data.digests import file_digest
from pipeline.rendering.terminal import make_console
from pipeline.runs.folder import LAYOUT, NotTrainedError, RunFiles, dvc_files, find_files
from pipeline.runs.lookup import find_stored_files
from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.settings.errors import SettingsError, one_line_paths
from pipeline.settings.images import ImageFormat
from pipeline.settings.job import stage_of_dvc

# The kinds of values in a run's metadata.
KINDS: Mapping[str, Any] = {
    "settings": dict,
    "changed": list,
    "steps": int,
    "best_step": int | None,
    "judge": dict,
    "reported_on": dict,
}


@dataclass(frozen=True)
class Weights:
    """Which weights of a training are read: those of a step.

    Attributes:
        which: `best` or `last`.
        step: The step.
    """

    which: str
    step: int


@dataclass(frozen=True)
class RunLocation:
    """A finished training's files and settings.

    Attributes:
        files: Its models, and the folder for reports on it.
        metadata: Its `run.json`.
        settings: The command's settings with those that decided the training; see `Settings.with_training`.
    """

    files: RunFiles
    metadata: Mapping[str, Any]
    settings: Settings

    def check_data(self, found: ImageFormat) -> None:
        """Checks that the data, of the form `found`, are those of the training.

        MNIST is verified when it is read.

        Raises:
            NotTrainedError: They are of another form, or have another hash.
        """
        trained, data = self.settings.format, self.settings.data
        models, file = paths.display(self.files.models), paths.display(data.file)
        if found != trained:
            raise NotTrainedError(
                f"{models} was trained on {trained.describe()} ({', '.join(trained.names)}). "
                f"Received: {file} with {found.describe()} ({', '.join(found.names)})"
            )
        noted = self.metadata["data"]
        if data.own and (received := file_digest(data.file)) != noted:
            raise NotTrainedError(
                f"{models} was trained on {data.name} with SHA-256 {noted[:12]}…: fetch that again, or train on this. "
                f"Received: {file} with {received[:12]}…"
            )

    def choose(self, asked: str) -> Weights:
        """Chooses the weights of the `best` report or the `last` step.

        A training without held-out images chose no best report, and a copy from the tracking store has none of its
        weights; a line says that the last weights are read.
        """
        best = self.metadata["best_step"]
        if asked == "best" and best is not None and self.files.weights("best").exists():
            return Weights("best", int(best))
        if asked == "best":
            why = "the training chose no best report, having held out no images"
            copied = "the copy from the tracking store has no weights of the best report"
            make_console().print(f"{why if best is None else copied}: its last weights are read", soft_wrap=True)
        return Weights("last", int(self.metadata["steps"]))

    def require_whole(self) -> None:
        """Refuses the copy of a run from the tracking store, which has its models alone.

        Raises:
            NotTrainedError: The run's curves, samples and weights are not there.
        """
        if not self.files.state.exists():
            raise NotTrainedError(
                f"{paths.display(self.files.models)} is a copy from the tracking store and has models alone, which "
                "digits= draws: for curves and pictures call this where the run's own folder is, with run=FOLDER"
            )


@one_line_paths()
def find_run(settings: Settings) -> RunLocation:
    """Finds the training that a stage is to read.

    Args:
        settings: `run` names its folder, its run in MLflow or a registered model. Without it, it is the one in
            `models/FAMILY`, which DVC tracks; reports on that one go to `reports/FAMILY` only where DVC runs the stage,
            else to `runs/FAMILY/tracked`.

    Raises:
        NotTrainedError: The folder holds no finished training, or one of another family or an earlier version.
    """
    files = _chosen_files(settings)
    metadata = _read_metadata(files, settings.family)
    try:
        return RunLocation(files, metadata, settings.with_training(metadata["settings"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _earlier_version(files) from error


@one_line_paths()
def find_start(settings: Settings) -> RunFiles | None:
    """Finds the training that another starts from; none where `start_from` is not set.

    Raises:
        NotTrainedError: The folder holds no finished training, one of another family or an earlier version, or one
            without its last state.
        SettingsError: That training has taken as many steps already.
    """
    if settings.start_from is None:
        return None
    files = find_files(settings.start_from)
    taken = int(_read_metadata(files, settings.family)["steps"])
    if settings.model.steps <= taken:
        raise SettingsError(
            f"`{settings.family}.steps` must be above {taken}, which `start_from` has taken already. "
            f"Received: {settings.model.steps}"
        )
    if not files.state.exists():
        raise NotTrainedError(f"{paths.display(files.state)} is missing, which a longer training starts from")
    return files


def _chosen_files(settings: Settings) -> RunFiles:
    tracked = dvc_files(settings.family)
    if settings.run is not None and settings.run.resolve() != tracked.models.resolve():
        found = None if settings.run.exists() else find_stored_files(str(settings.run), settings)
        return found or find_files(settings.run)
    by_hand = paths.ROOT / "runs" / settings.family / "tracked"
    return RunFiles(find_files(tracked.models).models, tracked.reports if stage_of_dvc() else by_hand)


def _read_metadata(files: RunFiles, family: str) -> dict[str, Any]:
    metadata = files.metadata()
    for key, kind in KINDS.items():
        if key in metadata and not isinstance(metadata[key], kind):
            raise NotTrainedError(f"{paths.display(files.metadata_file)} is damaged: `{key}` is {metadata[key]!r}")
    if family not in metadata.get("settings", {}):
        models = paths.display(files.models)
        raise NotTrainedError(f"{models} must hold a training of {family}: choose its model=FAMILY")
    if metadata.get("layout") != LAYOUT:
        raise _earlier_version(files)
    return metadata


def _earlier_version(files: RunFiles) -> NotTrainedError:
    return NotTrainedError(
        f"{paths.display(files.models)} was trained by an earlier version of this project: train again "
        "(`mlflow ui` still shows its run)"
    )
