"""The process that a run belongs to, which tells a run in progress from one that a killed process left RUNNING."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping

import psutil

from pipeline.tracking.pages import runs_where
from pipeline.tracking.store import Store, one_line_errors

_HOST, _PROCESS, _STARTED = "owner.host", "owner.process", "owner.started"


def owner_tags() -> dict[str, str]:
    """Returns the tags that mark a run as this process's: host, process id and start time."""
    return {
        _HOST: socket.gethostname(),
        _PROCESS: str(os.getpid()),
        _STARTED: f"{psutil.Process().create_time():.2f}",
    }


def owner_lives(tags: Mapping[str, str]) -> bool:
    """Whether the process that `tags` name still runs; a later one with the same id does not count."""
    try:
        process = psutil.Process(int(tags[_PROCESS]))
        same = abs(process.create_time() - float(tags[_STARTED])) < 5
        return bool(same) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def close_abandoned(store: Store, is_alive: Callable[[Mapping[str, str]], bool] = owner_lives) -> list[str]:
    """Closes as KILLED the runs that killed processes of this host left RUNNING.

    Args:
        store: The store and experiment to look in.
        is_alive: Whether the process of a run with these tags still runs.

    Returns:
        The ids of the runs closed.

    Raises:
        TrackingError: If the store does not answer.
    """
    with one_line_errors(store.uri):
        return list(_close(store, is_alive))


def _close(store: Store, is_alive: Callable[[Mapping[str, str]], bool]) -> Iterator[str]:
    for run in runs_where(store, "attributes.status = 'RUNNING'"):
        tags = run.data.tags
        if tags.get(_HOST) != socket.gethostname() or is_alive(tags):
            continue
        why = f"its process {tags[_PROCESS]} ended without closing it"
        store.client.set_tag(run.info.run_id, "closed.because", why)
        store.client.set_terminated(run.info.run_id, "KILLED")
        yield run.info.run_id
