"""Spools that trainings, evaluations and renderings left behind, and sending them."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.data.files import LockedError
from pipeline.rendering.terminal import make_console
from pipeline.runs.claims import sending
from pipeline.runs.folder import RunFolder
from pipeline.settings import paths
from pipeline.settings.errors import SettingsError, one_line_paths
from pipeline.settings.paths import display
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.spool import Spool
from pipeline.tracking.spooled_runs import send_left
from pipeline.tracking.stage_runs import remove_sent
from pipeline.tracking.store import connect

_PLACES = ("runs/*/*", "runs/dvc/*/*")  # judges among them


@one_line_paths()
def find_unsent(run: Path | None) -> list[RunFolder]:
    """Finds the run folders with a spool, or the one that `run` names.

    Raises:
        SettingsError: The folder that is named has none.
    """
    if run is None:
        return list(_folders())
    folder = RunFolder(run.resolve())
    if not folder.spool.exists():
        raise SettingsError(f"`run` must be a run's folder that has a `spool`; others were sent. Received: {run}")
    return [folder]


def send_unsent(folder: RunFolder) -> None:
    """Sends the spool of a run's folder to the tracking store, of which a line says so; a training's is left to it.

    A run that was made offline gets its id in the store, also in its `run.json`.

    Raises:
        DeletedExperimentError: The run's experiment was deleted.
        MissingRunError: The run is not in this store.
        SpoolError: The spool is damaged.
        WriteError: The run's folder cannot be locked or written.
        RefusedError: The store does not accept it.
        TrackingError: The store does not answer.
    """
    console = make_console()
    try:
        with sending(folder):
            run_id = _send(folder)
    except LockedError:
        console.print(f"{display(folder.path)}: in use by a training", soft_wrap=True)
        return
    what = f"sent as the run {run_id}" if run_id else "nothing had been logged"
    remove_sent(folder.path)
    console.print(f"{display(folder.path)}: {what}", soft_wrap=True)


def _send(folder: RunFolder) -> str | None:
    spool = Spool(folder.spool)
    if spool.run_id is None:  # a kill before it was begun
        spool.remove()
        return None
    own, (family, experiment) = spool.run_id, spool.place
    store = connect(family=family, experiment=experiment)
    run_id = send_left(spool, store, own)
    metadata = folder.metadata()
    if run_id and run_id != own and metadata.get("run_id") == own:
        folder.update_metadata(run_id=run_id, **({"introduced": run_id} if "introduced" in metadata else {}))
    spool.remove()  # last: without it nobody would know the id
    close_abandoned(store)
    return run_id


def _folders() -> Iterator[RunFolder]:
    for place in _PLACES:
        for spool in sorted(paths.STORE_ROOT.glob(f"{place}/spool")):
            yield RunFolder(spool.parent)
