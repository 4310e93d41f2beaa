"""A finished training, for the stages that come after it."""

from collections.abc import Mapping

from pipeline.data.keys import Key
from pipeline.judging.description import judge_metadata
from pipeline.judging.quality import Quality
from pipeline.runs.description import describe_stage
from pipeline.runs.location import RunLocation, Weights
from pipeline.settings import paths
from pipeline.settings.job import Job
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.runs import Run, child
from pipeline.tracking.store import Store, connect
from pipeline.training.checkpoints import load_parts
from pipeline.training.family import Parts
from pipeline.training.history import History, read_history


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

    def track(self, stage: str, job: Job) -> Run:
        """Opens the run of a stage, `evaluate` or `render`, under the training's own.

        It stands alone where the store does not know that.
        """
        settings = self.settings
        store = connect(family=settings.family, experiment=settings.tracking.experiment, root=paths.STORE_ROOT)
        close_abandoned(store)
        return child(store, describe_stage(stage, settings, job, models=self.files.models, training=self.metadata))

    def headline(self, store: Store, values: Mapping[Key, float], quality: Quality | None) -> None:
        """Logs figures on the training's own run as `trained/…`, if the store knows it.

        They are left out where they are no headline of a real training: figures of a smoke test, of a part of the test
        set, of fewer digits than the training was set to (`judge.images`) or of another judge than it asked.
        """
        run_id = str(self.metadata["run_id"])
        label = self.settings.label
        if label != self.metadata["settings"]["label"] or not (label or self.settings.data.limit is None):
            return
        if store.knows(run_id) and (quality is None or self._measured_as_set(store, quality)):
            Recorder(store, run_id).log_trained(values)

    def _measured_as_set(self, store: Store, quality: Quality) -> bool:
        if judge_metadata(quality.calibration) != self.metadata["judge"]:
            return False
        asked = store.parameter(str(self.metadata["run_id"]), "judge.images")
        return quality.of_whole_test_set or asked == str(self.settings.judge.images)
