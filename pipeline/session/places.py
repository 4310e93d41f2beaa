"""Where a stage reads a finished training and writes what it says of it; known before anything heavy is imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.session.command import stage_of_dvc
from pipeline.settings.composed import Settings
from pipeline.settings.paths import ROOT, display
from pipeline.training.folder import NotTrainedError, find_models, read_facts


@dataclass(frozen=True)
class Place:
    """A finished training's place.

    Attributes:
        models: What it left behind.
        reports: Where what is said of it goes.
        facts: Its `run.json`.
        settings: The command's settings with those that decided the training; see `Settings.with_training`.
    """

    models: Path
    reports: Path
    facts: Mapping[str, Any]
    settings: Settings


def refuse_other_family(models: Path, facts: Mapping[str, Any], family: str) -> None:
    """Raises a `NotTrainedError` where the facts beside models are of another family's training."""
    if family not in facts.get("settings", {}):
        raise NotTrainedError(f"{display(models)} must hold a training of {family}: choose its model=FAMILY")


def find_place(settings: Settings) -> Place:
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
    facts = read_facts(models)
    try:
        refuse_other_family(models, facts, family)
        return Place(models, reports, facts, settings.with_training(facts["settings"]))
    except (KeyError, ValueError) as error:
        lines = " ".join(str(error).split())
        raise NotTrainedError(f"{display(models)} was trained by another version: train again ({lines})") from error
