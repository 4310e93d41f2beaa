"""MLflow's client as far as a run is written with it, whose calls go to a spool instead of a store."""

import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from mlflow import MlflowClient
from mlflow.entities import (
    DatasetInput,
    FileInfo,
    LifecycleStage,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunTag,
)
from mlflow.store.entities import PagedList
from mlflow.utils.async_logging.run_operations import RunOperations

from pipeline.tracking.spool import Spool


class SpoolClient(MlflowClient):
    """Puts calls that write on one run into its spool; what it reads is what the spool has of the run.

    Points and pictures that the store may have already are left out when calls are sent, not here. `check` is called
    before each call, and raises where the spool cannot be sent any more.

    Any other method of MLflow's client fails, since there is no store behind this one.
    """

    def __init__(self, spool: Spool, check: Callable[[], None] = lambda: None) -> None:
        self._spool, self._check = spool, check
        self._started = _now()
        self._tags: dict[str, str] = {}
        self._metrics: dict[str, list[Metric]] = {}
        for call in spool.all():
            self._note(call.name, call.arguments)

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: dict[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Makes the run of the spool, under the id that the spool has for it."""
        self._put("create_run", {"start_time": self._started, "tags": tags or {}, "run_name": run_name})
        return self.get_run(str(self._spool.run_id))

    def get_run(self, run_id: str) -> Run:
        """Returns the run with the tags that the spool has."""
        info = RunInfo(run_id, "", "", "RUNNING", self._started, None, LifecycleStage.ACTIVE)
        return Run(info, RunData(tags=[RunTag(key, value) for key, value in self._tags.items()]))

    def get_metric_history(self, run_id: str, key: str) -> PagedList[Metric]:
        """Returns the points that the spool has, sent or not."""
        return PagedList(self._metrics.get(key, []), token=None)

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Sets the run's status."""
        self._put("update_run", {"run_id": run_id, "status": status})

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """Ends the run."""
        self._put("set_terminated", {"run_id": run_id, "status": status, "end_time": end_time})

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> RunOperations | None:
        """Logs points, parameters and tags."""
        points = [[one.key, one.value, one.timestamp, one.step] for one in metrics]
        named = {one.key: one.value for one in params}
        self._put("log_batch", {"run_id": run_id, "metrics": points, "params": named, "tags": _texts(tags)})
        return None

    def set_tag(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
        """Sets a tag."""
        return self.log_batch(run_id, tags=[RunTag(key, str(value))])

    def delete_tag(self, run_id: str, key: str) -> None:
        """Removes a tag."""
        self._put("delete_tag", {"run_id": run_id, "key": key})

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[DatasetInput] | None = None,
        models: Sequence[LoggedModelInput] | None = None,
    ) -> None:
        """Logs data sets as inputs of the run."""
        self._put("log_inputs", {"run_id": run_id, "datasets": [one.to_dictionary() for one in datasets or ()]})

    def log_artifact(self, run_id: str, local_path: str, artifact_path: str | None = None) -> None:
        """Logs a file; texts and pictures, which MLflow's client writes to files first, come here too."""
        self._put("log_artifact", {"run_id": run_id, "artifact_path": artifact_path}, Path(local_path))

    def log_artifacts(self, run_id: str, local_dir: str, artifact_path: str | None = None) -> None:
        """Logs the files of a folder."""
        self._put("log_artifacts", {"run_id": run_id, "artifact_path": artifact_path}, Path(local_dir))

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """Returns none: which pictures the store has is seen when others are sent."""
        return []

    def search_logged_models(
        self, experiment_ids: list[str], filter_string: str | None = None, *_: Any, **__: Any
    ) -> PagedList[LoggedModel]:
        """Returns none: an earlier model of the same name is written anew when this one is sent."""
        return PagedList([], token=None)

    def create_logged_model(
        self, experiment_id: str, name: str | None = None, source_run_id: str | None = None, *_: Any, **__: Any
    ) -> LoggedModel:
        """Makes a model, under an id that the store's own replaces when it is sent."""
        model_id, now = f"m-{uuid.uuid4().hex}", _now()
        self._put("create_logged_model", {"name": name, "source_run_id": source_run_id, "model_id": model_id})
        return LoggedModel(experiment_id, model_id, str(name), "", now, now)

    def log_outputs(self, run_id: str, models: list[LoggedModelOutput]) -> None:
        """Logs models as outputs of the run."""
        self._put("log_outputs", {"run_id": run_id, "models": [one.to_dictionary() for one in models]})

    def log_model_artifacts(self, model_id: str, local_dir: str, artifact_path: str | None = None) -> None:
        """Logs the files of a model."""
        self._put("log_model_artifacts", {"model_id": model_id}, Path(local_dir))

    def finalize_logged_model(
        self, model_id: str, status: Literal["READY", "FAILED"] | LoggedModelStatus
    ) -> LoggedModel:
        """Ends the making of a model."""
        self._put("finalize_logged_model", {"model_id": model_id, "status": str(status)})
        return LoggedModel("", model_id, "", "", 0, 0)

    def _put(self, name: str, arguments: dict[str, Any], attached: Path | None = None) -> None:
        self._check()
        self._spool.append(name, arguments, attached)
        self._note(name, arguments)

    def _note(self, name: str, arguments: Any) -> None:
        if name in ("create_run", "log_batch"):
            self._tags |= arguments["tags"]
        if name == "create_run":
            self._started = arguments["start_time"]
        for key, value, timestamp, step in arguments.get("metrics", ()):
            self._metrics.setdefault(key, []).append(Metric(key, value, timestamp, step))
        if name == "delete_tag":
            self._tags.pop(arguments["key"], None)


def _texts(tags: Sequence[RunTag]) -> dict[str, str]:
    return {tag.key: tag.value for tag in tags}


def _now() -> int:
    return int(time.time() * 1000)
