"""Where a stage reads a finished training and writes what it says of it; known before anything heavy is imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.runs.folder import NotTrainedError, find_models, read_metadata
from pipeline.settings.composed import Settings
from pipeline.settings.errors import SettingsError
from pipeline.settings.job import stage_of_dvc
from pipeline.settings.paths import ROOT, display


@dataclass(frozen=True)
class RunLocation:
    """A finished training's place.

    Attributes:
        models: What it left behind.
        reports: Where what is said of it goes.
        metadata: Its `run.json`.
        settings: The command's settings with those that decided the training; see `Settings.with_training`.
    """

    models: Path
    reports: Path
    metadata: Mapping[str, Any]
    settings: Settings


def refuse_other_family(models: Path, metadata: Mapping[str, Any], family: str) -> None:
    """Raises a `NotTrainedError` where the metadata beside models are of another family's training."""
    if family not in metadata.get("settings", {}):
        raise NotTrainedError(f"{display(models)} must hold a training of {family}: choose its model=FAMILY")


def find_run(settings: Settings) -> RunLocation:
    """Finds the training that a stage is to read.

    Args:
        settings: `run` names its folder; without it, it is the one in `models/FAMILY`, which DVC tracks. What is said
            of that one goes to `reports/FAMILY` only where DVC runs the stage.

    Raises:
        NotTrainedError: The folder holds no finished training, or one of another family or version.
    """
    family = settings.family
    if settings.run is not None:
        models = find_models(settings.run)
        reports = settings.run / "reports"
    else:
        models = find_models(ROOT / "models" / family)
        reports = ROOT / "reports" / family if stage_of_dvc() else ROOT / "runs" / family / "tracked"
    metadata = read_metadata(models)
    try:
        refuse_other_family(models, metadata, family)
        return RunLocation(models, reports, metadata, settings.with_training(metadata["settings"]))
    except (KeyError, ValueError) as error:
        lines = " ".join(str(error).split())
        raise NotTrainedError(f"{display(models)} was trained by another version: train again ({lines})") from error


def find_start(settings: Settings) -> Path | None:
    """Finds the models that a training starts from; none where `start_from` is not set.

    Raises:
        NotTrainedError: The folder holds no finished training, or one of another family.
        SettingsError: That training has taken as many steps already.
    """
    if settings.start_from is None:
        return None
    models = find_models(settings.start_from)
    metadata = read_metadata(models)
    refuse_other_family(models, metadata, settings.family)
    taken = int(metadata["steps"])
    if settings.model.steps <= taken:
        raise SettingsError(
            f"`{settings.family}.steps` must be above {taken}, which `start_from` has taken already. "
            f"Received: {settings.model.steps}"
        )
    return models
