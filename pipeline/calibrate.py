"""Stage: the judge, an independent classifier of digits, and what real digits score against real digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.session import command
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import ROOT, STORE_ROOT, display

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.session.judging import Calibration

NAME = "judge"


class CalibrationError(PipelineError):
    """The judge that is there belongs to other settings, data or code."""


def calibrate(settings: Settings, job: command.Job) -> None:
    """Trains the judge and finds the floors, whatever lies there already.

    DVC's stage writes `models/judge` and `reports/judge`, a command by hand a folder in `runs/judges`.

    Args:
        settings: What the command is set to.
        job: How the stage was called.
    """
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.fetch import ensure_fetched
    from pipeline.session import calibrating
    from pipeline.session.judges import identify

    ensure_fetched(settings.data)
    identity = identify(settings)
    if command.stage_of_dvc():
        reports = ROOT / "reports" / NAME
        calibrating.calibrate(settings, job, ROOT / "models" / NAME, reports=reports, identity=identity)
        return
    with _alone(identity) as folder:
        calibrating.calibrate(settings, job, folder, reports=folder, identity=identity)


def ensure_calibrated(settings: Settings, job: command.Job) -> Calibration:
    """Gives the judge of these settings, calibrated first, saying so, where there is none yet.

    Args:
        settings: What the command is set to; `calibrate` and `data` decide the judge.
        job: How the stage was called.

    Returns:
        The judge in `models/judge` if it is the one of these settings, data and code, else the one kept for them in
        `runs/judges`.

    Raises:
        CalibrationError: A stage of DVC found another judge in `models/judge`.
    """
    import pipeline.models  # noqa: F401
    from pipeline.data import mnist
    from pipeline.fetch import ensure_fetched
    from pipeline.session import calibrating
    from pipeline.session.judges import holds, identify
    from pipeline.session.judging import load_calibration

    ensure_fetched(settings.data)
    identity = identify(settings)
    folder = ROOT / "models" / NAME
    if not holds(folder, identity):
        if command.stage_of_dvc():
            raise CalibrationError(
                f"{display(folder)} must be the judge of these settings, data and code: run `dvc repro calibrate`"
            )
        with _alone(identity) as folder:
            if not holds(folder, identity):
                calibrating.calibrate(settings, job, folder, reports=folder, identity=identity)
    return load_calibration(folder, mnist.read(settings.data.file))


@contextmanager
def _alone(identity: Mapping[str, Any]) -> Iterator[Path]:
    """Gives the folder of a judge by hand, kept from other commands that want to make the same one."""
    from filelock import FileLock, Timeout

    from pipeline.rendering.terminal import make_console
    from pipeline.session.judges import judge_name

    folder = STORE_ROOT / "runs" / "judges" / judge_name(identity)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        make_console().print("waiting for another command that calibrates the same judge")
        lock.acquire()
    try:
        yield folder
    finally:
        lock.release()


if __name__ == "__main__":
    command.run("pipeline.calibrate", calibrate)
