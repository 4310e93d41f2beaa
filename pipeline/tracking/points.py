"""Metric points: queued, written in batches, and none twice."""

import time
from collections.abc import Iterable

from mlflow import MlflowClient
from mlflow.entities import Metric

from pipeline.training.history import Point

_BATCH = 1000
_SECONDS = 10.0
_SYSTEM = "system/"


class PointLog:
    """The points of one run, written every thousand points, or ten seconds after the last batch.

    A `resumed` run may have points already; they are skipped by key and step.
    """

    def __init__(self, client: MlflowClient, run_id: str, *, resumed: bool) -> None:
        self._client, self._run_id = client, run_id
        self._held = held_points(client, run_id) if resumed else set()
        self._pending: list[Metric] = []
        self._written_at = time.monotonic()

    def add(self, points: Iterable[Point]) -> None:
        """Queues points, skipping those that the run has, and writes a batch when it is due."""
        now = int(time.time() * 1000)
        for point in points:
            if (point.key.text, point.step) not in self._held:
                self._held.add((point.key.text, point.step))
                self._pending.append(Metric(point.key.text, float(point.value), now, point.step))
        if len(self._pending) >= _BATCH or time.monotonic() - self._written_at > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Writes the queue; points that could not be written stay in it."""
        while self._pending:
            self._client.log_batch(self._run_id, metrics=self._pending[:_BATCH])
            del self._pending[:_BATCH]
        self._written_at = time.monotonic()


def held_points(client: MlflowClient, run_id: str, *, system: bool = False) -> set[tuple[str, int]]:
    """Returns the points that a store has of a run, by `identity`; those of `system/…` only if they are asked for."""
    keys = [key for key in client.get_run(run_id).data.metrics if system or not key.startswith(_SYSTEM)]
    return {identity(metric) for key in keys for metric in client.get_metric_history(run_id, key)}


def identity(metric: Metric) -> tuple[str, int]:
    """What tells a point from others: its key and its step, or of `system/…`, whose steps may begin anew, its time."""
    return metric.key, metric.timestamp if metric.key.startswith(_SYSTEM) else metric.step
