"""Stage: MNIST → the judge, an independent classifier of digits, and its references: what real digits score."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.cli import command
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job, stage_of_dvc


def judge(settings: Settings, job: Job) -> None:
    """Trains the judge into a folder in `runs/judges` and measures real digits, even where there is a judge already.

    DVC's stage trains it only if no training has, and copies it to `models/judge` and `reports/judge`.
    """
    from pipeline.data.sources import ensure_fetched
    from pipeline.judging.folder import holds, locked_folder, publish
    from pipeline.judging.identity import identify
    from pipeline.rendering.terminal import make_console
    from pipeline.settings.paths import display

    console = make_console()
    ensure_fetched(settings.data, report=console.print, progress=console.is_terminal)
    identity = identify(settings)
    with locked_folder(identity) as folder:
        if not (stage_of_dvc() and holds(folder, identity)):
            _train(settings, job, folder, identity)
        if stage_of_dvc():
            console.print(f"{display(folder)}: copied to {display(publish(folder))}")


def _train(settings: Settings, job: Job, folder: Path, identity: Mapping[str, Any]) -> None:
    from pipeline.tracking.store import connect

    if not settings.tracking.offline:
        # A store that does not answer is refused before TensorFlow, which takes seconds to import.
        connect(family="judge", experiment=settings.tracking.experiment)
    # The first heavy import silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.judging.run import train_judge

    train_judge(settings, job, folder, identity=identity)


if __name__ == "__main__":
    command.run("pipeline.judge", judge)
