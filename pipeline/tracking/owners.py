"""The process that a run belongs to, which tells a run in progress from one that a killed process left RUNNING."""

import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from pipeline.tracking.pages import runs_where
from pipeline.tracking.store import Store, one_line_errors

_HOST, _PROCESS, _STARTED = "owner.host", "owner.process", "owner.started"
# Of a process that lives, this stays as it is where the clock is set; the seconds since 1970 do not.
_SINCE_BOOT = "owner.started_since_boot"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def owner_tags() -> dict[str, str]:
    """Returns the tags that mark a run as this process's: host, process id and start time."""
    process = psutil.Process()
    started = {_STARTED: f"{process.create_time():.2f}", _SINCE_BOOT: _since_boot(process)}
    return {_HOST: socket.gethostname(), _PROCESS: str(process.pid), **started}


def owner_lives(tags: Mapping[str, str]) -> bool:
    """Whether the process that `tags` name still runs; a later one with the same id does not count."""
    try:
        process = psutil.Process(int(tags[_PROCESS]))
        if _SINCE_BOOT in tags:
            same = tags[_SINCE_BOOT] == _since_boot(process)
        else:
            same = abs(process.create_time() - float(tags[_STARTED])) < 5
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _since_boot(process: psutil.Process) -> str:
    """The start of the system and the seconds from there to that of the process; where none is known, its time."""
    try:
        boot = _BOOT_ID.read_text(encoding="utf-8").strip()
    except OSError:
        return f"{process.create_time():.0f}"
    return f"{boot} {process.create_time() - psutil.boot_time():.2f}"


def close_abandoned(store: Store, is_alive: Callable[[Mapping[str, str]], bool] = owner_lives) -> list[str]:
    """Closes as KILLED the runs that killed processes of this host left RUNNING, and returns their ids.

    `is_alive` is whether the process of a run with these tags still runs.

    Raises:
        TrackingError: If the store does not answer.
    """
    closed: list[str] = []
    with one_line_errors(store.uri):
        for run in runs_where(store, "attributes.status = 'RUNNING'"):
            run_id, tags = run.info.run_id, run.data.tags
            if tags.get(_HOST) == socket.gethostname() and not is_alive(tags):
                why = f"its process {tags[_PROCESS]} ended without closing it"
                store.client.set_tag(run_id, "closed.because", why)
                store.client.set_terminated(run_id, "KILLED")
                closed.append(run_id)
    return closed
