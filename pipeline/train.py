"""Stage and command line: settings → a trained composition, tracked."""

from pipeline.cli import command
from pipeline.runs.location import find_start
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.training.timing import Timers, untimed


def train(settings: Settings, job: Job, *, timers: Timers = untimed) -> None:
    """Trains the family that the settings choose, or resumes the same training where it was interrupted.

    DVC's stage publishes the results to `models/FAMILY` and `reports/FAMILY`; by hand and in a sweep they stay in the
    run's own folder under `runs/`. `timers` time the training's phases.
    """
    start = find_start(settings)
    from pipeline.data.sources import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.store import connect

    if not settings.tracking.offline:
        # A store that does not answer is refused before TensorFlow, which takes seconds to import.
        connect(family=settings.family, experiment=settings.tracking.experiment)
    console = make_console()
    format = ensure_fetched(settings.data, report=console.print, progress=console.is_terminal)
    # Heavy imports wait until settings and data are known to be valid; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.judging.run import JudgeOnDemand
    from pipeline.runs.identity import digests_of
    from pipeline.runs.training import train_in_folder
    from pipeline.settings.paths import display
    from pipeline.training.devices import resolve_compute
    from pipeline.training.family import clear_models, find_family
    from pipeline.training.memory import clear_gradients

    settings = resolve_compute(settings, report=console.print).with_format(format)
    judge = JudgeOnDemand(settings, job) if find_family(settings.family).generate else None
    digests = digests_of(settings, start=start)
    try:
        results = train_in_folder(settings, job, digests=digests, judge=judge, timers=timers)
    finally:
        if job.sweep:
            clear_gradients()
            clear_models()
    if results:
        console.print(f"trained {settings.model.steps:,} steps: {display(results)}")


if __name__ == "__main__":
    command.run("pipeline.train", train)
