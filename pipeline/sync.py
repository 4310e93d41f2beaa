"""Command: sends what trainings, evaluations and renderings kept while the tracking store was away."""

from pipeline.cli import command
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job


def sync(settings: Settings, job: Job) -> None:
    """Sends the spools of all run folders to the tracking store, or of the one that `run` names."""
    # MLflow takes seconds to import, so it waits until the settings are known to be valid.
    from pipeline.rendering.terminal import make_console
    from pipeline.runs.unsent import find_unsent, send_unsent

    folders = find_unsent(settings.run)
    for folder in folders:
        send_unsent(folder)
    if not folders:
        make_console().print("nothing to send: the tracking store has every run")


if __name__ == "__main__":
    command.run("pipeline.sync", sync)
