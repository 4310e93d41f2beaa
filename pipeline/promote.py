"""Command: registers a run's generator and discriminator as services, champions where params.yaml's rule says so."""

from pipeline.cli import command
from pipeline.runs.location import find_run
from pipeline.settings.composed import Settings
from pipeline.settings.errors import SettingsError
from pipeline.settings.job import Job


def promote(settings: Settings, job: Job) -> None:
    """Registers the generator of a run as `promote.name`, with the alias `champion` or `challenger`, and says why."""
    if "digits" not in settings.model.draws:
        raise SettingsError(f"`model` must be a family that generates digits on request. Received: {settings.family}")
    location = find_run(settings)
    # MLflow takes seconds to import, so it waits until the settings are known to be valid.
    from pipeline.rendering.terminal import make_console
    from pipeline.runs.promotion import promote_run
    from pipeline.tracking.store import connect

    store = connect(family=settings.family, experiment=settings.tracking.experiment)
    promotion = promote_run(location, settings, store)
    console = make_console()
    console.print(f"{promotion.name}, version {promotion.version}: {promotion.alias}")
    for reason in promotion.reasons:
        console.print(f"  {reason}")


if __name__ == "__main__":
    command.run("pipeline.promote", promote)
