"""Stage: the judge, an independent classifier of digits, and what real digits score against real digits."""

from pipeline.cli import command
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job, stage_of_dvc
from pipeline.settings.paths import ROOT


def judge(settings: Settings, job: Job) -> None:
    """Trains the judge and measures real digits, whatever lies there already.

    DVC's stage writes `models/judge` and `reports/judge`, a command by hand a folder in `runs/judges`.

    Args:
        settings: What the command is set to.
        job: How the stage was called.
    """
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.data.sources import ensure_fetched
    from pipeline.judging.identity import identify
    from pipeline.judging.run import locked_folder, train_judge
    from pipeline.rendering.terminal import make_console

    console = make_console()
    ensure_fetched(settings.data, report=console.print, progress=console.is_terminal)
    identity = identify(settings)
    if stage_of_dvc():
        train_judge(settings, job, ROOT / "models" / "judge", reports=ROOT / "reports" / "judge", identity=identity)
        return
    with locked_folder(identity) as folder:
        train_judge(settings, job, folder, reports=folder, identity=identity)


if __name__ == "__main__":
    command.run("pipeline.judge", judge)
