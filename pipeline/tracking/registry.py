"""Registered models: the runs they come from, and their versions with aliases, tags, description and metrics."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mlflow.entities import LoggedModel, Metric
from mlflow.entities import Run as MlflowRun
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    PERMISSION_DENIED,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS, MLFLOW_USER

from pipeline.data.keys import Key
from pipeline.evaluation.seeds import SeededRun
from pipeline.tracking.errors import TrackingError, one_line_errors
from pipeline.tracking.pages import runs_where
from pipeline.tracking.services import SERVICE, log_service
from pipeline.tracking.store import Store
from pipeline.tracking.tags import REPORT_REALS, TRIAL

COMPARABLE = ("data", "judge", "code", "start")
_NO_SEED = (TRIAL, "label")  # tags of a run that was chosen as the best of many, or is no real result
# Of a model and of an alias that the store does not know.
_UNKNOWN = [ErrorCode.Name(code) for code in (RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE)]


@dataclass(frozen=True)
class TrainedRun:
    """A finished training, as the store has it.

    Attributes:
        run_id: Its run.
        experiment_id: The run's experiment.
        name: The run's name.
        user: Who trained it.
        seed: Its seed.
        settings: Its parameters by address, without the seed.
        real_images: How many real images its reports measure at most; fewer where the data are small.
        digests: Hashes of data, judge, code and what it started from, as far as it has them.
        measures: Its latest metrics on `heldout` and `reference`, and those of an evaluation (`trained/…`).
    """

    run_id: str
    experiment_id: str
    name: str
    user: str
    seed: str
    settings: Mapping[str, str]
    real_images: int
    digests: Mapping[str, str]
    measures: Mapping[Key, float]

    @property
    def seeded(self) -> SeededRun:
        """The run as one seed of its setting."""
        return SeededRun(self.settings, self.seed, self.measures)


def read_trained(store: Store, run_id: str) -> TrainedRun:
    """Reads a training's run.

    Raises:
        TrackingError: The store does not answer or does not know the run.
    """
    if not store.knows(run_id):
        raise TrackingError(f"`run` must be in this tracking store to be registered. Received: {run_id} in {store.uri}")
    with one_line_errors(store.uri):
        return _trained(store.client.get_run(run_id))


def other_seeds(store: Store, trained: TrainedRun) -> list[TrainedRun]:
    """Returns the trainings, oldest first, of a run's setting, data, judge, code and start; it is among them.

    Others count neither where they are trials of a search nor where they have a label.
    """
    with one_line_errors(store.uri):
        finished = runs_where(store, "tags.kind = 'training' and attributes.status = 'FINISHED'")
        seeds = (
            run for run in finished if run.info.run_id == trained.run_id or run.data.tags.keys().isdisjoint(_NO_SEED)
        )
        found = [_trained(run) for run in seeds]
        return [one for one in found if (one.settings, one.digests) == (trained.settings, trained.digests)]


def find_version(store: Store, name: str, alias: str) -> ModelVersion | None:
    """Returns the version that an alias names; None where there is none."""
    with one_line_errors(store.uri):
        # A server with users answers everybody but its admin that they may not read a model that does not exist.
        if not _is_registered(store, name):
            return None
        try:
            return store.client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in _UNKNOWN:
                return None
            raise


def has_versions(store: Store, name: str) -> bool:
    """Whether a registered model is there and has a version."""
    with one_line_errors(store.uri):
        return bool(store.client.search_model_versions(f"name = '{name}'", max_results=1))


def register(store: Store, name: str, trained: TrainedRun, *, part: str, code: Path) -> ModelVersion:
    """Returns the version of a registered model that serves a run's part; it is made where there is none.

    What an earlier call began and did not finish is taken up.

    `code` is the service's, see `log_service`. The run's measures become metrics of the logged model, which the
    version's page shows.

    Raises:
        TrackingError: The store does not answer, or the run logged no such part.
    """
    client = store.client
    with one_line_errors(store.uri):
        store = replace(store, experiment_id=trained.experiment_id)
        condition = f"source_run_id = '{trained.run_id}' AND name = '{part}'"
        found = client.search_logged_models([store.experiment_id], condition)
        logged = [model for model in found if model.model_type != SERVICE]  # which may be named as the part
        if not logged:
            raise TrackingError(f"`run` must have logged a model `{part}`. Received: {trained.run_id}")
        model = log_service(store, logged[0], name, code=code)
        held = client.search_model_versions(f"name = '{name}' and run_id = '{trained.run_id}'")
        version = held[0] if held else _make_version(store, name, trained, model)
        held_by = [{"name": name, "version": version.version}]
        client.set_logged_model_tags(model.model_id, {MLFLOW_MODEL_VERSIONS: json.dumps(held_by)})
        return version


def _make_version(store: Store, name: str, trained: TrainedRun, model: LoggedModel) -> ModelVersion:
    client = store.client
    client.log_batch(trained.run_id, metrics=_points(store, trained, model.model_id))
    if not _is_registered(store, name):
        client.create_registered_model(name)
    # Not `models:/ID`, which MLflow 3.17 looks up in the store of the environment, whichever this client's is.
    place = model.artifact_location
    return client.create_model_version(name, place, run_id=trained.run_id, model_id=model.model_id)


def _is_registered(store: Store, name: str) -> bool:
    return bool(store.client.search_registered_models(f"name = '{name}'"))


def _points(store: Store, trained: TrainedRun, model_id: str) -> list[Metric]:
    """The last point of each measure, for a logged model; as the run has it, so that it gets none anew."""
    histories = (store.client.get_metric_history(trained.run_id, key.text) for key in trained.measures)
    last = (max(points, key=lambda point: (point.step, point.timestamp)) for points in histories if points)
    return [Metric(one.key, one.value, one.timestamp, one.step, model_id=model_id) for one in last]


def describe_version(store: Store, version: ModelVersion, *, text: str, tags: Mapping[str, str]) -> None:
    """Sets a version's description, in Markdown, and its tags."""
    with one_line_errors(store.uri):
        store.client.update_model_version(version.name, version.version, description=text)
        for key, value in tags.items():
            store.client.set_model_version_tag(version.name, version.version, key, value)


def move_alias(store: Store, version: ModelVersion, alias: str) -> None:
    """Moves an alias to a version."""
    with one_line_errors(store.uri):
        store.client.set_registered_model_alias(version.name, alias, version.version)


def remove_alias(store: Store, name: str, alias: str, *, run_id: str) -> str | None:
    """Takes an alias from a run's version of a model, and returns the version where only the model's maker may."""
    with one_line_errors(store.uri):
        held = find_version(store, name, alias)
        if held is None or held.run_id != run_id:
            return None
        try:
            store.client.delete_registered_model_alias(name, alias)
        except MlflowException as error:
            if error.error_code != ErrorCode.Name(PERMISSION_DENIED):
                raise
            return str(held.version)
    return None


def _trained(run: MlflowRun) -> TrainedRun:
    tags, parameters = run.data.tags, dict(sorted(run.data.params.items()))
    seed = parameters.pop("seed", "")
    measures = {Key.parse(text): value for text, value in sorted(run.data.metrics.items())}
    return TrainedRun(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        name=run.info.run_name,
        user=tags.get(MLFLOW_USER, "unknown"),
        seed=seed,
        settings=parameters,
        real_images=int(tags.get(REPORT_REALS, 1)),
        digests={name: tags[f"{name}.digest"] for name in COMPARABLE if f"{name}.digest" in tags},
        measures={key: value for key, value in measures.items() if key.compares_runs},
    )
