"""Waiting for what another thread or process does, with an end: a machine may be busy, but not for ever."""

import time
from collections.abc import Callable


def wait_for(happened: Callable[[], object], *, seconds: float = 240) -> None:
    """Looks again and again until something has happened; fails after so many seconds."""
    patience = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < patience
        time.sleep(0.05)
