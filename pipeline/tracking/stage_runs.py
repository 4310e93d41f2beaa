"""Runs of the stages after a training, under the training's own run."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from pipeline.data.files import lock_file, locked
from pipeline.tracking.address import is_server
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.spool import Spool
from pipeline.tracking.spooled_runs import open_online
from pipeline.tracking.store import Store


@contextmanager
def open_stage_run(store: Store, description: RunDescription, *, place: tuple[str, str], folder: Path) -> Iterator[Run]:
    """Opens the run of a stage under the one that `description.parent_run_id` names, for the length of the block.

    It is in that run's experiment. Where the store does not know that run (the models came from another machine), the
    new run has no parent, and its tags and note say so. What a server has yet to take is in a new folder in `folder`,
    which goes once all was taken; `place` are the family and the first half of the experiment's name, for whoever sends
    it later.

    Raises:
        TrackingError: The store does not answer.
    """
    parent = description.parent_run_id
    if parent is not None:
        home = store.experiment_of(parent)
        description = description if home else _alone(description, parent)
        store = replace(store, experiment_id=home or store.experiment_id)
    if not is_server(store.uri):
        with Run(store, description, system_metrics=False) as run:
            yield run
        return
    own = folder / f"{description.tags.get('kind', 'stage')}-{uuid4().hex[:12]}"
    try:
        with locked(own), open_online(store, description, spool=Spool(own / "spool"), place=place, resume=None) as run:
            yield run
    finally:
        remove_sent(own)


def remove_sent(folder: Path) -> None:
    """Removes the folder of a stage's run, with its lock, once nothing is left in it to be sent."""
    with suppress(OSError):  # there is something in it, as in a training's
        if folder.exists():
            folder.rmdir()
        lock_file(folder).unlink()


def _alone(description: RunDescription, parent: str) -> RunDescription:
    stranger = f"The run that trained the models, `{parent}`, is not in this tracking store; this run stands alone."
    tags = {**description.tags, "parent.unknown": parent}
    return replace(description, parent_run_id=None, note=f"> {stranger}\n\n{description.note}", tags=tags)
