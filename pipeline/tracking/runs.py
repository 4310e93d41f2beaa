"""A run's life: started or resumed, watched, and ended as FINISHED, FAILED or KILLED."""

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Self

from mlflow import MlflowClient
from mlflow.entities import Param, RunTag
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor
from mlflow.utils import mlflow_tags
from mlflow.utils.validation import MAX_TAG_VAL_LENGTH

from pipeline.data.keys import Key
from pipeline.settings.addresses import leaves
from pipeline.settings.errors import PipelineError
from pipeline.tracking.errors import one_line_errors
from pipeline.tracking.lease import CLOSED, Lease
from pipeline.tracking.owners import owner_tags, user
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.store import Store
from pipeline.tracking.tags import SWEEP_JOB, SWEEP_NUMBER, TRIAL

SECONDS_A_SAMPLE = 10.0
ENDINGS = frozenset({"error", "traceback", CLOSED})  # tags that say how a run ended
_SIGNALLED = 128
_LONGEST_NAME = 250  # PostgreSQL refuses a longer name, SQLite takes it
_MONITOR: Callable[..., Any] = SystemMetricsMonitor


@dataclass(frozen=True, kw_only=True)
class RunDescription:
    """The description of a run.

    Attributes:
        name: The run's name, which carries what varies.
        parameters: The settings it reads, nested or under their addresses.
        tags: Short metadata to search by.
        note: Its purpose and the command that repeats it, in Markdown.
        parent_run_id: The run above it, or None.
    """

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    parent_run_id: str | None = None


class Run(Recorder):
    """A run that is open during the `with` block and ends FINISHED, FAILED (an error) or KILLED (a signal).

    Args:
        store: The store and experiment.
        description: Name, parameters, tags and note.
        resume: The id of an interrupted run to resume; where the store does not know it, a new run starts.
        system_metrics: Whether processor and memory use are sampled, every ten seconds.

    Attributes:
        resumed: Whether an earlier run resumes.

    Raises:
        TrackingError: The store does not answer, or a resumed run has other parameters.
    """

    def __init__(
        self, store: Store, description: RunDescription, *, resume: str | None = None, system_metrics: bool = True
    ) -> None:
        earlier = resume if resume is not None and store.knows(resume) else None
        self.resumed = earlier is not None
        with one_line_errors(store.uri):
            run_id = create_run(store, description) if earlier is None else reopen_run(store, earlier, description)
            super().__init__(store, run_id, resumed=self.resumed)
            self._monitor = self._watch() if system_metrics else None
        self._lease: Lease | None = None

    def __enter__(self) -> Self:
        """Begins to renew the run's lease; the run is open already."""
        leased = self._leased_store()
        if leased is not None:
            self._lease = Lease(leased, self.run_id)
            self._lease.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Writes pending points and ends the run.

        Raises:
            PipelineError: The store or the spool does not take the last points, and no other error is being raised.
        """
        status = status_after(error)
        try:
            if self._lease:
                self._lease.end()
            if self._monitor:
                self._monitor.finish()
            self.flush()
        except PipelineError:  # a spool may not be writable
            if error is None:
                status = "FAILED"
                raise
        finally:
            with suppress(PipelineError) if error else nullcontext():
                self._end(status, error)

    def log_trained_on(self, run_id: str, values: Mapping[Key, float]) -> None:
        """Writes the values of an evaluation on the run of the training itself; see `Recorder.log_trained`."""
        Recorder(self.store, run_id).log_trained(values)

    def _leased_store(self) -> Store | None:
        """The store in which the run's lease is renewed, if in any."""
        return self.store

    def _watch(self) -> Any:
        monitor = _MONITOR(
            self.run_id, sampling_interval=SECONDS_A_SAMPLE, resume_logging=self.resumed, tracking_uri=self.store.uri
        )
        monitor.start()
        return monitor

    def _end(self, status: str, error: BaseException | None) -> None:
        with self.one_line_errors():
            if error is not None and status != "FINISHED":
                text = " ".join(f"{type(error).__name__}: {error}".split())
                self._client.set_tag(self.run_id, "error", text[:500])
            if error is not None and status == "FAILED":
                lines = "".join(traceback.format_exception(error))
                self._client.set_tag(self.run_id, "traceback", lines[-MAX_TAG_VAL_LENGTH:])
            # The clock may have been set back since.
            run = self._client.get_run(self.run_id)
            self._client.set_terminated(self.run_id, status, max(int(time.time() * 1000), run.info.start_time))
            if CLOSED in run.data.tags:
                self._client.delete_tag(self.run_id, CLOSED)


def flatten(parameters: Mapping[str, object]) -> dict[str, str]:
    """Returns nested settings by their addresses, such as `acgan.soft_label.real`, written as in params.yaml."""
    return {address: _text(value) for address, value in leaves(parameters)}


def _text(value: object) -> str:
    if isinstance(value, PurePath):
        return value.as_posix()
    return value if isinstance(value, str) else json.dumps(value)


def create_run(store: Store, description: RunDescription) -> str:
    """Makes a run, with its parameters and tags, and returns its id."""
    name = description.name[:_LONGEST_NAME]
    run = store.client.create_run(store.experiment_id, tags=_tags(description), run_name=name)
    _log_parameters(store.client, run.info.run_id, description)
    return str(run.info.run_id)


def reopen_run(store: Store, run_id: str, description: RunDescription) -> str:
    """Lets an interrupted run go on, without what was said of its end, and returns its id.

    One that goes on in a sweep has its name and its place there, and not those of a search or a sweep that began it.
    """
    _log_parameters(store.client, run_id, description)
    # Its new owner first: a run that is RUNNING and whose owner is dead is closed by whoever sees it.
    store.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in _tags(description).items()])
    moved = description.parent_run_id is not None
    named = {"name": description.name[:_LONGEST_NAME]} if moved else {}
    store.client.update_run(run_id, status="RUNNING", **named)
    former = {TRIAL, SWEEP_JOB, SWEEP_NUMBER} - description.tags.keys() if moved else set()
    for tag in store.client.get_run(run_id).data.tags.keys() & {*ENDINGS, *former}:
        store.client.delete_tag(run_id, tag)
    return run_id


def _log_parameters(client: MlflowClient, run_id: str, description: RunDescription) -> None:
    client.log_batch(run_id, params=[Param(key, value) for key, value in flatten(description.parameters).items()])


def _tags(description: RunDescription) -> dict[str, str]:
    tags = {
        mlflow_tags.MLFLOW_USER: user(),
        mlflow_tags.MLFLOW_SOURCE_NAME: Path(sys.argv[0]).name,
        mlflow_tags.MLFLOW_SOURCE_TYPE: "LOCAL",
        mlflow_tags.MLFLOW_RUN_NOTE: description.note,
        **description.tags,
        **owner_tags(),
    }
    if description.parent_run_id is not None:
        tags[mlflow_tags.MLFLOW_PARENT_RUN_ID] = description.parent_run_id
    return {key: value[:MAX_TAG_VAL_LENGTH] for key, value in tags.items()}


def status_after(error: BaseException | None) -> str:
    """Returns how a run ends: FINISHED, FAILED by an error, or KILLED by a signal."""
    code = error.code if isinstance(error, SystemExit) else None
    if error is None or (isinstance(error, SystemExit) and code in (None, 0)):
        return "FINISHED"
    signalled = isinstance(code, int) and code > _SIGNALLED
    return "KILLED" if signalled or isinstance(error, KeyboardInterrupt) else "FAILED"
