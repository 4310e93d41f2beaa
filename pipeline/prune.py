"""Command: frees what deleted runs keep in the tracking store, for good."""

from pipeline.cli import command
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job


def prune(settings: Settings, job: Job) -> None:
    """Frees the artifacts and models of all runs that were deleted in MLflow's pages; they cannot be restored then."""
    # MLflow takes seconds to import, so it waits until the settings are known to be valid.
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.garbage import free_deleted
    from pipeline.tracking.store import connect

    store = connect(family=settings.family, experiment=settings.tracking.experiment)
    freed = free_deleted(store)
    make_console().print(f"deleted runs freed: {freed.runs}, models: {freed.models}")


if __name__ == "__main__":
    command.run("pipeline.prune", prune)
