"""Stage: MNIST → the judge, an independent classifier of digits, and its references: what real digits score."""

from pipeline.cli import command
from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job, stage_of_dvc


def judge(settings: Settings, job: Job) -> None:
    """Trains the judge and measures real digits, even where there is a judge already.

    DVC's stage writes `models/judge` and `reports/judge`; a command by hand writes a folder in `runs/judges`.
    """
    from pipeline.data.sources import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.store import connect

    if not settings.tracking.offline:
        # A store that does not answer is refused before TensorFlow, which takes seconds to import.
        connect(family="judge", experiment=settings.tracking.experiment)
    console = make_console()
    ensure_fetched(settings.data, report=console.print, progress=console.is_terminal)
    # Heavy imports wait until settings and data are known to be valid; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.judging.identity import identify
    from pipeline.judging.run import locked_folder, train_judge

    identity = identify(settings)
    if stage_of_dvc():
        models, reports = (paths.ROOT / folder / "judge" for folder in ("models", "reports"))
        train_judge(settings, job, models, reports=reports, identity=identity)
        return
    with locked_folder(identity) as folder:
        train_judge(settings, job, folder, reports=folder, identity=identity)


if __name__ == "__main__":
    command.run("pipeline.judge", judge)
