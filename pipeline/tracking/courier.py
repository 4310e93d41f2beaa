"""A thread that sends a spool while a training goes on, and tries again while the store is away."""

import threading
import time
from collections.abc import Callable

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, ErrorCode

from pipeline.data.files import WriteError
from pipeline.settings.errors import PipelineError
from pipeline.tracking.delivery import Delivery
from pipeline.tracking.errors import RefusedError, TrackingError, is_answer, refusal
from pipeline.tracking.spool import SpoolError
from pipeline.tracking.store import Store

PATIENCE_SECONDS = 30.0
_LOOK_SECONDS, _RETRY_SECONDS, _TOLD_SECONDS = 1.0, 2.0, 5.0


class Courier:
    """Sends what a delivery's spool holds, until it is finished.

    What the store does not take is tried again, whatever the reason: it may be down, restarting, or refuse a password
    that is about to be mended. Only what will never be taken ends it: a run that was deleted, or a value that MLflow
    does not allow.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._over = threading.Event()
        self._failing_since: float | None = None
        self._refusal: PipelineError | None = None
        self._latest_error: TrackingError | None = None
        self._thread = threading.Thread(target=self._work, daemon=True, name="Courier")

    @property
    def store(self) -> Store:
        """The store that it sends to."""
        return self._delivery.store

    @property
    def why_unsent(self) -> str:
        """Why the store has not taken what is left: what it said, or that it is away."""
        return (
            str(self._latest_error) if isinstance(self._latest_error, RefusedError) else "the tracking server is away"
        )

    def start(self) -> None:
        """Begins to send."""
        self._thread.start()

    def check(self) -> None:
        """Raises what ended it, if anything did.

        Raises:
            TrackingError: The store will never take what is in the spool.
        """
        if self._refusal:
            raise self._refusal

    def finish(self, waiting: Callable[[], object]) -> bool:
        """Sends what is left, and returns whether all was sent.

        Where the store has been away for half a minute it is given up; one that is slow is waited for. `waiting` is
        called once where that takes longer than a moment.

        Raises:
            TrackingError: The store will never take what is in the spool.
        """
        self._over.set()
        told = threading.Timer(_TOLD_SECONDS, waiting)
        told.start()
        try:
            self._thread.join()
            while not self._sent():
                if time.monotonic() > (self._failing_since or 0) + PATIENCE_SECONDS:
                    return False
                time.sleep(_RETRY_SECONDS)
            return True
        finally:
            told.cancel()

    def _work(self) -> None:
        while not self._refusal and not self._over.wait(_RETRY_SECONDS if self._failing_since else _LOOK_SECONDS):
            try:
                self._sent()
            except PipelineError as error:
                self._refusal = error

    def _sent(self) -> bool:
        """Sends what waits, and returns whether the store took it."""
        self.check()
        started = time.monotonic()
        try:
            self._delivery.send_waiting()
        except (SpoolError, WriteError):
            raise
        except Exception as error:  # a TrackingError too; MLflow lets errors of requests and of the system through
            self._failing_since = self._failing_since or started
            self._latest_error = error if isinstance(error, TrackingError) else refusal(self.store.uri, error)
            self._raise_if_final(error)
            return False
        self._failing_since = None
        return True

    def _raise_if_final(self, error: Exception) -> None:
        store, run_id = self._delivery.store, str(self._delivery.spool.run_id)
        if not is_answer(error):
            return
        reason = store.explain_missing_run(self._delivery.spool.ids.get(run_id, run_id))
        if reason:
            raise TrackingError(reason) from error
        if isinstance(error, MlflowException) and error.error_code == ErrorCode.Name(INVALID_PARAMETER_VALUE):
            raise refusal(store.uri, error) from error
