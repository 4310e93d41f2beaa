"""Finds what a training left behind, for the stages that come after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.session.cards import stage_card
from pipeline.session.command import Job, stage_of_dvc
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import ROOT, STORE_ROOT, display
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.runs import Run, child
from pipeline.tracking.store import Store, connect
from pipeline.training.checkpoints import STATE, load_parts
from pipeline.training.family import Parts
from pipeline.training.folder import read_facts
from pipeline.training.history import History, Point, read_history


class NotTrainedError(PipelineError):
    """A folder holds no finished training."""


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes:
        models: What it left behind.
        reports: Where what is said of it goes.
        facts: Its `run.json`.
        settings: The command's settings with the seed and the family's block of the training.
    """

    models: Path
    reports: Path
    facts: Mapping[str, Any]
    settings: Settings

    def parts(self, which: str) -> Parts:
        """Loads the models of the `last` step or of the `best` report."""
        return load_parts(self.models / which)

    def history(self) -> History:
        """Reads the figures of the training."""
        return read_history(self.models / STATE)

    def points(self, values: Mapping[str, float]) -> list[Point]:
        """Gives figures as points at the step the training ended with."""
        return [Point(key, value, int(self.facts["steps"])) for key, value in values.items()]

    def track(self, stage: str, job: Job) -> Run:
        """Opens a run under the training's own, or one of its own where the store does not know that."""
        store = connect(family=self.settings.family, experiment=self.settings.tracking.experiment, root=STORE_ROOT)
        close_abandoned(store)
        return child(store, stage_card(stage, self.settings, job, models=self.models, trained=self.facts))

    def headline(self, store: Store, values: Mapping[str, float]) -> None:
        """Writes figures on the training's own run as `final/…`, if the store knows it."""
        run_id = str(self.facts["run_id"])
        if store.knows(run_id):
            Recorder(store, run_id).final(values)


def find_trained(settings: Settings) -> Trained:
    """Finds the training that a stage is to read.

    Args:
        settings: `run` names its folder; without it, it is the one in `models/FAMILY`, which DVC tracks. What is said
            of that one goes to `reports/FAMILY` only where DVC runs the stage.

    Raises:
        NotTrainedError: The folder holds no finished training.
    """
    if settings.run is not None:
        models, reports = settings.run / "models", settings.run / "reports"
    else:
        models = ROOT / "models" / settings.family
        by_hand = ROOT / "runs" / settings.family / "tracked"
        reports = (ROOT / "reports" / settings.family) if stage_of_dvc() else by_hand
    facts = read_facts(models)
    if "steps" not in facts:
        raise NotTrainedError(
            f"{display(models)} must hold a finished training: run `dvc repro` or `dvc pull`, "
            "or name one with run=runs/FAMILY/NAME"
        )
    if settings.family not in facts["settings"]:
        raise NotTrainedError(f"{display(models)} must hold a training of {settings.family}: choose its model=FAMILY")
    return Trained(models, reports, facts, settings.with_training(facts["settings"]))
