"""The lease of a run in progress: a tag that its process renews, so that other machines see that it lives."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from pipeline.tracking.store import Store

RENEWAL_SECONDS, SILENCE_SECONDS = 60.0, 600.0
CLOSED = "closed.because"
_LEASE = "owner.lease"


class Lease:
    """Renews a run's lease each minute, and reopens the run where another machine took it for dead and closed it."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store, self._run_id = store, run_id
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_over, daemon=True, name="Lease")

    def start(self) -> None:
        """Starts the renewals."""
        self._thread.start()

    def end(self) -> None:
        """Stops the renewals; waits five seconds at most for one in progress."""
        self._over.set()
        self._thread.join(timeout=5)

    def _renew_until_over(self) -> None:
        while True:
            # Whatever a store that is away raises: the next renewal mends it.
            with suppress(Exception):
                self._renew()
            if self._over.wait(RENEWAL_SECONDS):
                return

    def _renew(self) -> None:
        client, run_id = self._store.client, self._run_id
        client.set_tag(run_id, _LEASE, f"{time.time():.0f}")
        run = client.get_run(run_id)
        if CLOSED in run.data.tags and not self._over.is_set():
            client.update_run(run_id, status="RUNNING")
            client.delete_tag(run_id, CLOSED)


def is_silent(tags: Mapping[str, str]) -> bool | None:
    """Whether a run's lease was not renewed for ten minutes; None of a run without one that can be read."""
    try:
        return time.time() - float(tags[_LEASE]) > SILENCE_SECONDS
    except (KeyError, ValueError):
        return None
