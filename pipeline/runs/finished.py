"""A finished training, for the stages that come after it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pipeline.data.keys import Key
from pipeline.judging.calibration import judge_metadata
from pipeline.judging.quality import Quality
from pipeline.rendering.terminal import make_console
from pipeline.runs.description import describe_stage
from pipeline.runs.location import RunLocation, Weights
from pipeline.settings import paths
from pipeline.settings.job import Job
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.runs import Run
from pipeline.tracking.stage_runs import open_stage_run
from pipeline.tracking.store import Store, connect
from pipeline.training.checkpoints import load_parts
from pipeline.training.family import Parts
from pipeline.training.history import History, read_history


@dataclass(frozen=True)
class StoredTraining:
    """What the tracking store has of a training.

    Attributes:
        run_id: The training's run.
        known: Whether the store has that.
        images: The setting `judge.images` that it logged; None where it logged none.
    """

    run_id: str
    known: bool
    images: str | None


class FinishedRun(RunLocation):
    """A finished training, with its models and its place in the tracking store."""

    def __init__(self, location: RunLocation) -> None:
        super().__init__(location.files, location.metadata, location.settings)

    def parts(self, weights: Weights) -> Parts:
        """Loads the models by name, with these weights."""
        return load_parts(self.files.weights(weights.which))

    def history(self) -> History:
        """Reads the figures of the training."""
        return read_history(self.files.state)

    def track(self, stage: str, job: Job) -> AbstractContextManager[Run]:
        """Opens the run of a stage, `evaluate` or `render`, under the training's own.

        It stands alone where the store does not know that. What a server does not take is kept in a folder of its own
        under `runs/stages`, for `python -m pipeline.sync`.
        """
        settings = self.settings
        family, experiment = settings.family, settings.tracking.experiment
        store = connect(family=family, experiment=experiment)
        close_abandoned(store)
        described = describe_stage(stage, settings, job, models=self.files.models, training=self.metadata)
        folder = paths.STORE_ROOT / "runs" / "stages"
        return open_stage_run(store, described, place=(family, experiment), folder=folder)

    def look_up(self, store: Store) -> StoredTraining:
        """Asks the store what it knows of the training, for `log_on_training`, since it may be away by then."""
        run_id = str(self.metadata["run_id"])
        known = store.knows(run_id)
        return StoredTraining(run_id, known, store.parameter(run_id, "judge.images") if known else None)

    def log_on_training(
        self, run: Run, stored: StoredTraining, values: Mapping[Key, float], quality: Quality | None
    ) -> None:
        """Logs figures on the training's own run as `trained/…`, through that of the evaluation, if the store knows it.

        They are left out where they are no headline of a real training: figures of a smoke test, of a part of the test
        set, of fewer digits than the training was set to (`judge.images`) or of another judge than it asked.
        """
        label = self.settings.label
        if label != self.metadata["settings"]["label"] or not (label or self.settings.data.limit is None):
            return
        if not stored.known:
            return
        if quality and judge_metadata(quality.calibration) != self.metadata["judge"]:
            make_console().print("the training's own run gets no figures: another judge measured its reports")
            return
        whole = quality is None or quality.of_whole_test_set
        if whole or stored.images == str(self.settings.judge.images):
            run.log_trained_on(stored.run_id, values)
