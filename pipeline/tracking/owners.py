"""The process that a run belongs to, which tells a run in progress from one that a killed process left RUNNING."""

import getpass
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from pipeline.tracking.errors import USERNAME, one_line_errors
from pipeline.tracking.lease import CLOSED, is_silent
from pipeline.tracking.pages import runs_where
from pipeline.tracking.store import Store

_HOST, _PROCESS, _STARTED = "owner.host", "owner.process", "owner.started"
# Of a process that lives, this stays as it is where the clock is set; the seconds since 1970 do not.
_SINCE_BOOT = "owner.started_since_boot"
# Process ids mean the same within one namespace of one start of a system; containers share names and ids.
_PLACE = "owner.place"
_BOOT_ID, _NAMESPACE = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")


def user() -> str:
    """Returns the name that this process signs in with at a tracking server, else that of its account.

    It is `unknown` where there is neither.
    """
    if signed_in := os.environ.get(USERNAME):
        return signed_in
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def owner_tags() -> dict[str, str]:
    """Returns the tags that mark a run as this process's: host, process id, where that id holds, and start time."""
    process = psutil.Process()
    place = {_PLACE: here} if (here := _place()) else {}
    started = {_STARTED: f"{process.create_time():.2f}", _SINCE_BOOT: _since_boot(process)}
    return {_HOST: socket.gethostname(), _PROCESS: str(process.pid), **started, **place}


def owner_lives(tags: Mapping[str, str]) -> bool:
    """Whether the process that `tags` name still runs; a later one with the same id does not count."""
    try:
        process = psutil.Process(int(tags[_PROCESS]))
        return tags[_SINCE_BOOT] == _since_boot(process) and process.status() != psutil.STATUS_ZOMBIE
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


def _place() -> str | None:
    try:
        return f"{_BOOT_ID.read_text(encoding='utf-8').strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return None


def _why_abandoned(tags: Mapping[str, str]) -> str | None:
    """Why nobody writes on a run any more; None of one that lives, as far as this process can see.

    Where its process id means something here, that decides; elsewhere its lease does. A run without one is judged by
    the process on its own host alone. One whose tags were changed by hand, so that they name no process, is left alone.
    """
    silent = is_silent(tags)
    if _PLACE in tags and tags[_PLACE] != _place() and silent is not None:
        return "its process was silent for ten minutes" if silent else None
    with suppress(KeyError, ValueError):
        if tags.get(_HOST) == socket.gethostname() and not owner_lives(tags):
            return f"its process {tags[_PROCESS]} ended without closing it"
    return None


def close_abandoned(store: Store) -> list[str]:
    """Closes as KILLED the runs that killed processes left RUNNING, and returns their ids; see `Lease`.

    Raises:
        TrackingError: If the store does not answer.
    """
    closed: list[str] = []
    with one_line_errors(store.uri):
        running = runs_where(store, "attributes.status = 'RUNNING'")
        for run_id in [run.info.run_id for run in running if _why_abandoned(run.data.tags)]:
            # Read again: since the search its process may have closed it, or another one resumed it.
            run = store.client.get_run(run_id)
            if run.info.status == "RUNNING" and (why := _why_abandoned(run.data.tags)):
                store.client.set_tag(run_id, CLOSED, why)
                store.client.set_terminated(run_id, "KILLED")
                closed.append(run_id)
    return closed
