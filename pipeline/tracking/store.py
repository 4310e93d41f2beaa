"""The tracking store and the experiment: `connect` opens both, or fails with an error of one line."""

import logging
import os
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Experiment, LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST, ErrorCode

from pipeline.data.files import locked
from pipeline.settings import paths
from pipeline.tracking import schema
from pipeline.tracking.address import lacks_scheme, names_file
from pipeline.tracking.errors import DeletedExperimentError, TrackingError, one_line_errors, refusal
from pipeline.tracking.first_answer import await_answer, await_database, bounded_requests
from pipeline.tracking.relocation import follow_moved_folder

_MIGRATION_SECONDS = 300.0
_TRAINING_KIND = {"mlflow.experimentKind": "custom_model_development"}

# What they print, tracebacks among it, is of errors that a command says in one line, or that a training survives.
for _module in ("mlflow.store.db.utils", "mlflow.system_metrics.system_metrics_monitor", "urllib3.connectionpool"):
    logging.getLogger(_module).setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Store:
    """An experiment in a tracking store.

    Attributes:
        client: MLflow's client of the store.
        uri: The store's tracking URI.
        experiment: The experiment's name.
        experiment_id: The experiment's id in this store.
    """

    client: MlflowClient
    uri: str
    experiment: str
    experiment_id: str

    def knows(self, run_id: str) -> bool:
        """Whether a run is in this store and not deleted; see `experiment_of`."""
        return self.experiment_of(run_id) is not None

    def experiment_of(self, run_id: str) -> str | None:
        """Returns the id of the experiment that a run is in; None where it is not in this store or deleted.

        Raises:
            TrackingError: The store does not answer.
        """
        try:
            run = self.client.get_run(run_id).info
        except MlflowException as error:
            if _is(error, RESOURCE_DOES_NOT_EXIST):
                return None
            raise refusal(self.uri, error) from error
        return str(run.experiment_id) if run.lifecycle_stage == LifecycleStage.ACTIVE else None

    def explain_missing_run(self, run_id: str) -> str | None:
        """Returns what became of a run that was deleted, and what to do; None of one that is there or not known of."""
        try:
            if self.client.get_run(run_id).info.lifecycle_stage == LifecycleStage.ACTIVE:
                return None
            mend = f"restore it with `{_command(self.uri)}mlflow runs restore --run-id {run_id}`, and "
        except MlflowException as error:
            if not _is(error, RESOURCE_DOES_NOT_EXIST):
                return None
            mend = ""
        text = f"the run {run_id} was deleted from the tracking store while it was written to: {mend}"
        return f"{text}give the same command again, which goes on from its last checkpoint. Received: {self.uri}"

    def parameter(self, run_id: str, name: str) -> str | None:
        """Returns a setting that a run logged, as written; None where it logged no such setting.

        Raises:
            TrackingError: The store does not answer or does not know the run.
        """
        with one_line_errors(self.uri):
            value: str | None = self.client.get_run(run_id).data.params.get(name)
            return value


def default_uri(root: Path) -> str:
    """Returns the URI of the store in `root`: SQLite in `mlflow.db`, which plain `mlflow ui` opens there."""
    path = (root / "mlflow.db").as_posix().replace("%", "%25").replace("?", "%3F")
    return f"sqlite:///{path}"


def connect(*, family: str, experiment: str, root: Path | None = None) -> Store:
    """Opens the tracking store and the experiment `{experiment}-{family}`, each made if missing.

    The store is `MLFLOW_TRACKING_URI` or, where that is unset, `default_uri(root)`. The latter, however it is spelt,
    has its artifacts beside it, in `root/mlartifacts`; any other store decides for itself. `experiment` is the setting
    `tracking.experiment`; `root` is the project, unless another folder is named.

    Raises:
        DeletedExperimentError: The experiment was deleted.
        TrackingError: The store cannot be reached or opened, or needs a missing library.
    """
    root = root or paths.STORE_ROOT
    uri, name = os.environ.get("MLFLOW_TRACKING_URI") or default_uri(root), f"{experiment}-{family}"
    if not names_file(uri, root / "mlflow.db"):
        with one_line_errors(uri), bounded_requests():
            client = _other_client(uri)
            return Store(client, uri, name, await_answer(lambda: _experiment_id(client, uri, name, location=None)))
    uri, artifacts = default_uri(root), root / "mlartifacts"
    # Two processes must not make the tables at once.
    with one_line_errors(uri), locked(artifacts / "store", seconds=_MIGRATION_SECONDS):
        schema.make_store(root / "mlflow.db", artifacts / ".new", lambda folder: MlflowClient(default_uri(folder)))
        schema.await_maker(root / "mlflow.db")
        fresh = schema.is_fresh(root / "mlflow.db")  # the check writes to it
        _check_file(root / "mlflow.db")
        follow_moved_folder(root / "mlflow.db", artifacts)
        client = _migrated_client(uri, root / "mlflow.db", fresh=fresh)
        return Store(client, uri, name, _experiment_id(client, uri, name, location=(artifacts / name).as_uri()))


def _other_client(uri: str) -> MlflowClient:
    if lacks_scheme(uri):
        raise TrackingError(f"`MLFLOW_TRACKING_URI` must begin with http:// or https://. Received: {uri}")
    try:
        await_database(uri)
        return MlflowClient(uri)
    except ImportError:
        raise
    except Exception as error:  # SQLAlchemy and urllib have errors of their own for what is no address
        raise refusal(uri, error) from error


def _check_file(path: Path) -> None:
    """Refuses a file that SQLite cannot open at once: MLflow would retry for 100 seconds and print each try."""
    if fault := schema.find_fault(path, default_uri(path.parent)):
        raise TrackingError(f"`{path}` must be an SQLite file that can be written{fault}")


def _migrated_client(uri: str, file: Path, *, fresh: bool) -> MlflowClient:
    """Opens the store; where its file is fresh, waits for an `mlflow ui` that is just creating its tables."""
    patience = time.monotonic() + _MIGRATION_SECONDS
    while True:
        try:
            return MlflowClient(uri)
        except Exception as error:
            fresh = fresh and schema.is_fresh(file)
            if not fresh or time.monotonic() > patience or schema.is_newer(file):
                reason = " ".join(str(error).split())[:150]
                raise TrackingError(
                    f"`{file}` must be a store of the installed MLflow: {schema.advice(file, uri)}. Received: {reason}"
                ) from error
            time.sleep(1)


def _experiment_id(client: MlflowClient, uri: str, name: str, *, location: str | None) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, artifact_location=location, tags=_TRAINING_KIND))
        except MlflowException as error:
            if not _is(error, RESOURCE_ALREADY_EXISTS):
                raise
            found = client.get_experiment_by_name(name)
    return _active(found, name, uri)


def _active(found: Experiment | None, name: str, uri: str) -> str:
    if found is None:
        raise TrackingError(f"The tracking store must keep the experiment `{name}` while it is used. Received: {uri}")
    if found.lifecycle_stage == LifecycleStage.ACTIVE:
        return str(found.experiment_id)
    raise DeletedExperimentError(
        f"`tracking.experiment` must name an experiment that is not deleted: restore it with "
        f"`{_command(uri)}mlflow experiments restore --experiment-id {found.experiment_id}`, or choose another name. "
        f"Received: {name} in {uri}"
    )


def _command(uri: str) -> str:
    """Returns what stands before a command of MLflow's, for it to find the store from any folder."""
    return "" if os.environ.get("MLFLOW_TRACKING_URI") else f"MLFLOW_TRACKING_URI={shlex.quote(uri)} "


def _is(error: MlflowException, code: int) -> bool:
    return bool(error.error_code == ErrorCode.Name(code))
