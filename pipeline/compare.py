"""Command: sweeps and trainings of the tracking store → one page that compares them."""

from pipeline.cli import command
from pipeline.settings import paths
from pipeline.settings.compare import check_runs
from pipeline.settings.composed import Settings
from pipeline.settings.drawing import check_target
from pipeline.settings.job import Job


def compare(settings: Settings, job: Job) -> None:
    """Writes a page on the runs that `runs` names, to `to` or `runs/compare.html`: tables, intervals, samples."""
    runs = check_runs(settings.compare)
    target = check_target(settings, otherwise=paths.STORE_ROOT / "runs" / "compare.html")
    # MLflow and TensorFlow take seconds to import: the one waits for valid settings, the other for runs that compare.
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.comparison import find_jobs
    from pipeline.tracking.store import connect

    store = connect(family=settings.family, experiment=settings.tracking.experiment)
    stored = find_jobs(store, runs)
    import pipeline.models  # noqa: F401  # the first import of TensorFlow, which it silences
    from pipeline.sweeps.page import write_comparison

    write_comparison(store, stored, target)
    make_console().print(f"the comparison: {paths.display(target)}", soft_wrap=True)


if __name__ == "__main__":
    command.run("pipeline.compare", compare)
