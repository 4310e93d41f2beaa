"""Command: sends what trainings, evaluations and renderings kept while the tracking store was away."""

import sys

from pipeline.cli import command
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError
from pipeline.settings.job import Job
from pipeline.settings.paths import display


def sync(settings: Settings, job: Job) -> None:
    """Sends the spools of all run folders to the tracking store, or of the one that `run` names."""
    # MLflow takes seconds to import, so it waits until the settings are known to be valid.
    from pipeline.data.files import WriteError
    from pipeline.rendering.terminal import make_console
    from pipeline.runs.backlog import find_unsent, send_unsent
    from pipeline.runs.folder import NotTrainedError
    from pipeline.tracking.errors import DeletedExperimentError, RefusedError
    from pipeline.tracking.spool import SpoolError
    from pipeline.tracking.spooled_runs import MissingRunError

    own = (DeletedExperimentError, MissingRunError, NotTrainedError, SpoolError, WriteError)  # of a run alone
    folders, refused = find_unsent(settings.run), 0
    for folder in folders:
        try:
            send_unsent(folder)
        except own as error:
            # At once: a server that goes away meanwhile ends the command.
            sys.stderr.write(f"error: {error}\n")
            refused += 1
        except RefusedError as error:
            sys.stderr.write(f"error: {display(folder.path)} is refused: {error}\n")
            refused += 1
    if refused:
        raise PipelineError(f"{refused} of {len(folders)} runs could not be sent")
    if not folders:
        make_console().print("nothing to send: the tracking store has every run")


if __name__ == "__main__":
    command.run("pipeline.sync", sync)
