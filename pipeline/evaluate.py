"""Stage: trained models and the test set → test losses, and the judge's figures of generated digits."""

from pipeline.cli import command
from pipeline.runs.location import find_run
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job


def evaluate(settings: Settings, job: Job) -> None:
    """Scores a run's models on the test split, into `metrics.json` and the tracking store.

    Settings that decided the run are the run's.
    """
    location = find_run(settings)
    from pipeline.data.sources import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.store import connect

    # A store that does not answer is refused before TensorFlow, which takes seconds to import.
    store = connect(family=location.settings.family, experiment=location.settings.tracking.experiment)
    console = make_console()
    found = ensure_fetched(location.settings.data, report=console.print, progress=console.is_terminal)
    location.check_data(found)
    # Heavy imports wait until settings and data are known to be valid; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.judging.run import ensure_tracked_judge
    from pipeline.runs.evaluation import evaluate_run
    from pipeline.runs.finished import FinishedRun
    from pipeline.training.family import find_family

    finished = FinishedRun(location)
    stored = finished.look_up(store)
    family = find_family(finished.settings.family)
    calibration = ensure_tracked_judge(finished.settings, job) if family.generate else None
    with finished.track("evaluate", job) as run:
        result = evaluate_run(finished, family, calibration)
        result.write(finished.files)
        result.log(run, finished.files)
        finished.log_on_training(run, stored, result.values(digits=False), result.quality)
    for table in result.tables(family):
        console.print(table)


if __name__ == "__main__":
    command.run("pipeline.evaluate", evaluate)
