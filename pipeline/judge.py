"""Stage: MNIST → the judge, an independent classifier of digits, and its references: what real digits score."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.cli import command
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job, stage_of_dvc


def judge(settings: Settings, job: Job) -> None:
    """Trains the judge and measures real digits, by hand even where there is a judge already, in `runs/judges`.

    DVC's stage trains it only where no training has, and copies it to `models/judge` and `reports/judge`.
    """
    from pipeline.data.files import write_bytes
    from pipeline.data.sources import ensure_fetched
    from pipeline.judging.files import METRICS
    from pipeline.judging.folder import holds, locked_folder, tracked_folder
    from pipeline.judging.identity import identify
    from pipeline.rendering.terminal import make_console
    from pipeline.settings import paths
    from pipeline.settings.paths import display

    console = make_console()
    ensure_fetched(settings.data, report=console.print, progress=console.is_terminal)
    identity, tracked = identify(settings), tracked_folder()
    if stage_of_dvc() and holds(tracked, identity):
        # Trainings have asked it, and one of another machine has other bits.
        console.print(f"{display(tracked)} is the judge of these settings, data and code")
    else:
        with locked_folder(identity) as folder:
            if not (stage_of_dvc() and holds(folder, identity)):
                _train(settings, job, folder, identity)
            if stage_of_dvc():
                _copy(folder, tracked)
                console.print(f"{display(folder)}: copied to {display(tracked)}")
    if stage_of_dvc():
        write_bytes((tracked / METRICS).read_bytes(), paths.ROOT / "reports" / "judge" / METRICS)


def _train(settings: Settings, job: Job, folder: Path, identity: Mapping[str, Any]) -> None:
    from pipeline.tracking.store import connect

    if not settings.tracking.offline:
        # A store that does not answer is refused before TensorFlow, which takes seconds to import.
        connect(family="judge", experiment=settings.tracking.experiment)
    # The first heavy import silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.judging.run import train_judge

    train_judge(settings, job, folder, identity=identity)


def _copy(folder: Path, tracked: Path) -> None:
    from pipeline.data.files import write_bytes
    from pipeline.judging.files import JUDGE, METRICS, REAL, REFERENCES, WEIGHTS

    # By the last file, the judge is known to be whole.
    for name in (WEIGHTS, REFERENCES, REAL, METRICS, JUDGE):
        write_bytes((folder / name).read_bytes(), tracked / name)


if __name__ == "__main__":
    command.run("pipeline.judge", judge)
