"""A run whose training never waits for a tracking server, since all that it logs goes through a spool.

Private names, of MLflow's `SystemMetricsMonitor`: `_logging_step` and `_shutdown_event`.
"""

import shlex
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from mlflow import MlflowClient
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

from pipeline.data.keys import Key
from pipeline.rendering.terminal import make_console
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import display
from pipeline.settings.stages import TrackingSettings
from pipeline.tracking.address import is_server, without_password
from pipeline.tracking.courier import Courier
from pipeline.tracking.delivery import Delivery
from pipeline.tracking.errors import TrackingError, one_line_errors
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.pages import runs_where
from pipeline.tracking.runs import SECONDS_A_SAMPLE, Run, RunDescription, create_run, reopen_run
from pipeline.tracking.spool import Spool
from pipeline.tracking.spool_client import SpoolClient
from pipeline.tracking.store import Store, connect

KEY = "training.key"
_NOWHERE = "http://offline.invalid"  # a client of it is made for the monitor and never asked
_SAMPLED = "system/cpu_utilization_percentage"


class MissingRunError(TrackingError):
    """The run of a spool is in another store, or was deleted."""


def open_run(
    description: RunDescription,
    *,
    family: str,
    settings: TrackingSettings,
    spool: Path | None,
    resume: str | None = None,
) -> Run:
    """Opens the run of a training, or the interrupted one that has the id `resume` or, without one, the tag `KEY`.

    One that began in another experiment goes on in a new run of this one.

    Where the store is a server, the run goes through a spool in the folder `spool`; what an earlier process left there
    is sent first. With `tracking.offline` no store is asked, and the spool is kept for `python -m pipeline.sync`.
    Without a folder, and in a store of this machine, calls go to the store at once.

    Raises:
        TrackingError: The store does not answer.
    """
    if settings.offline and spool is not None:
        return _offline_run(description, family=family, settings=settings, spool=spool, resume=resume)
    store = connect(family=family, experiment=settings.experiment)
    left = Spool(spool) if spool else None
    if left is not None and left.run_id:
        try:
            resume = send_left(left, store, resume)
        except MissingRunError:
            resume = None  # its history is in the checkpoint, and is logged on a new run
        left.remove()
    close_abandoned(store)
    if resume is not None and store.experiment_of(resume) != store.experiment_id:
        resume = None
    if resume is None and KEY in description.tags:
        resume = _run_with_key(store, description.tags[KEY])
    if left is None or not is_server(store.uri):
        return Run(store, description, resume=resume, system_metrics=settings.system_metrics)
    run = open_online(store, description, spool=left, place=(family, settings.experiment), resume=resume)
    if settings.system_metrics:
        run.sample(store.client)
    return run


def _run_with_key(store: Store, key: str) -> str | None:
    with one_line_errors(store.uri):
        return next((str(run.info.run_id) for run in runs_where(store, f"tags.`{KEY}` = '{key}'")), None)


def send_left(spool: Spool, store: Store, resume: str | None) -> str | None:
    """Sends what an ended process left in a spool, which stays; returns the store's id of the run `resume`.

    Raises:
        MissingRunError: The run is not in this store.
        TrackingError: The store does not answer or accept.
    """
    run_id = str(spool.run_id)
    to_be_made = any(call.name == "create_run" for call in spool.waiting())
    if not to_be_made and not store.knows(spool.ids.get(run_id, run_id)):
        raise MissingRunError(
            f"{display(spool.folder)} is for a run that is not in this tracking store: name its own in "
            f"`MLFLOW_TRACKING_URI`, or remove the folder. Received: {without_password(store.uri)}"
        )
    with one_line_errors(store.uri):
        Delivery(spool, store).send_waiting()
    if resume is not None:
        resume = spool.ids.get(resume, resume)
    return resume


def _offline_run(
    description: RunDescription, *, family: str, settings: TrackingSettings, spool: Path, resume: str | None
) -> "SpooledRun":
    kept = Spool(spool)
    kept.begin(resume or kept.run_id or uuid.uuid4().hex, family=family, experiment=settings.experiment)
    store = Store(SpoolClient(kept), _NOWHERE, f"{settings.experiment}-{family}", "")
    run = SpooledRun(store, description, spool=kept, resume=resume)
    if settings.system_metrics:
        run.sample(store.client)
    return run


def open_online(
    store: Store, description: RunDescription, *, spool: Spool, place: tuple[str, str], resume: str | None
) -> "SpooledRun":
    """Opens a run in a server, through a spool; `place` are the family and the first half of the experiment's name."""
    with one_line_errors(store.uri):
        known = resume is not None and store.knows(resume)
        run_id = reopen_run(store, str(resume), description) if known else create_run(store, description)
    family, experiment = place
    spool.begin(run_id, family=family, experiment=experiment)
    courier = Courier(Delivery(spool, store))
    client = SpoolClient(spool, courier.check)
    return SpooledRun(replace(store, client=client), description, spool=spool, courier=courier, resume=run_id)


class SpooledRun(Run):
    """A run whose calls go to its spool; a courier, where there is one, sends them meanwhile.

    At its end it waits for the store half a minute at most. What is left is named in a line, and is no error.
    """

    def __init__(
        self,
        store: Store,
        description: RunDescription,
        *,
        spool: Spool,
        courier: Courier | None = None,
        resume: str | None,
    ) -> None:
        super().__init__(store, description, resume=resume, system_metrics=False)
        self._spool, self._courier = spool, courier
        if courier:
            courier.start()

    def sample(self, earlier: MlflowClient) -> None:
        """Begins to sample the use of processor and memory, after the samples that `earlier` has of the run."""
        with one_line_errors(self.store.uri):
            steps = [metric.step for metric in earlier.get_metric_history(self.run_id, _SAMPLED)]
        make: Callable[..., Any] = _Monitor
        monitor = make(self.run_id, sampling_interval=SECONDS_A_SAMPLE, tracking_uri=_NOWHERE)
        monitor.mlflow_logger.client = self._client
        monitor._logging_step = max(steps, default=-1) + 1
        self._monitor = monitor
        monitor.start()

    def log_trained_on(self, run_id: str, values: Mapping[Key, float]) -> None:
        """Writes the values of an evaluation on the run of the training itself, through the spool."""
        named = {key.text: float(value) for key, value in values.items()}
        self._spool.append("log_trained", {"run_id": run_id, "values": named})

    def _leased_store(self) -> Store | None:
        return self._courier.store if self._courier else None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Ends the run, sends what is left in the spool and says where what could not be sent is.

        Raises:
            TrackingError: The store will never take what is in the spool, and no other error is being raised.
        """
        try:
            super().__exit__(kind, error, _)
            self._send_left()
        except PipelineError:
            if error is None:
                raise

    def _send_left(self) -> None:
        console = make_console()
        if self._courier:
            text = "waiting for the tracking server to take what is left"
            if self._courier.finish(lambda: console.print(text)):
                self._spool.remove()
                return
        count = sum(1 for _ in self._spool.waiting())
        command = shlex.join(["python", "-m", "pipeline.sync", f"run={display(self._spool.folder.parent)}"])
        why = self._courier.why_unsent if self._courier else "offline"
        text = f"{why}: {count} calls wait in {display(self._spool.folder)}. Send them with"
        console.print(f"{text} `{command}`", soft_wrap=True)


class _Monitor(SystemMetricsMonitor):
    """MLflow's monitor, which asks the store before each sample whether the run still goes on, without the question."""

    def monitor(self) -> None:
        """Samples until the run ends, or its spool cannot be written."""
        sampler: Any = self
        while True:
            sampler.collect_metrics()
            if sampler._shutdown_event.wait(sampler.sampling_interval):
                return
            try:
                sampler.publish_metrics(sampler.aggregate_metrics())
            except PipelineError:  # the training meets it too, and says so
                return
