"""Stage: trained models → pictures; digits on request."""

from pathlib import Path

from pipeline.cli import command
from pipeline.runs.location import find_run
from pipeline.settings.composed import Settings
from pipeline.settings.drawing import check_target, classes_asked_for
from pipeline.settings.job import Job
from pipeline.settings.paths import display


def render(settings: Settings, job: Job) -> None:
    """Draws a run's samples, its nearest and its least covered digits, curves, weights and an animation; reports on it.

    Settings that decided the run are the run's. With `to`, it draws the digits asked for instead.
    """
    if settings.to is not None:
        draw(settings, check_target(settings))
        return
    location = find_run(settings)
    location.require_whole()
    from pipeline.data.files import replacing_folder
    from pipeline.data.sources import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.store import connect

    # A store that does not answer is refused before TensorFlow, which takes seconds to import.
    connect(family=location.settings.family, experiment=location.settings.tracking.experiment)
    console = make_console()
    found = ensure_fetched(location.settings.data, report=console.print, progress=console.is_terminal)
    location.check_data(found)
    # Heavy imports wait until settings and data are known to be valid; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.judging.run import ensure_tracked_judge
    from pipeline.runs.finished import FinishedRun
    from pipeline.runs.pictures import draw_run
    from pipeline.runs.report import write_report
    from pipeline.training.family import find_family

    finished = FinishedRun(location)
    family = find_family(finished.settings.family)
    calibration = ensure_tracked_judge(finished.settings, job) if family.generate else None
    folder = finished.files.pictures
    with finished.track("render", job) as run:
        with replacing_folder(folder) as aside:
            names = draw_run(finished, family, aside, calibration)
        run.files(folder, "pictures")
        run.file(write_report(finished))
        for name in names:
            run.illustrate(f"pictures/{name}.png", name)
    console.print(f"{display(folder)}: {', '.join(sorted(file.name for file in folder.iterdir()))}")
    console.print(f"the report: {display(finished.files.page)}")


def draw(settings: Settings, target: Path) -> None:
    """Draws the digits asked for, from the settings' own seed; it needs neither data nor judge, and tracks no run."""
    location = find_run(settings)
    classes_asked_for(settings, location.settings.format)
    # As above; it needs no MLflow.
    import pipeline.models  # noqa: F401
    from pipeline.rendering.terminal import make_console
    from pipeline.runs.drawing import draw_digits
    from pipeline.training.family import find_family

    count = draw_digits(location, find_family(settings.family), settings, target)
    counted = "1 image" if count == 1 else f"{count} images"
    make_console().print(
        f"{display(target)}: {counted} of {location.metadata['name']}, drawn with seed {settings.seed}"
    )


if __name__ == "__main__":
    command.run("pipeline.render", render)
