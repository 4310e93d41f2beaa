"""Stage and command line: settings → a trained composition, tracked."""

from __future__ import annotations

from pathlib import Path

from pipeline.session import command
from pipeline.session.places import refuse_other_family
from pipeline.session.sweep import closed_afterwards, pass_over
from pipeline.session.workers import take
from pipeline.settings.composed import Settings
from pipeline.settings.errors import SettingsError
from pipeline.settings.paths import ROOT, STORE_ROOT, display
from pipeline.training.folder import RunFolder, claim, code_digest, combined_digest, find_models, read_facts
from pipeline.training.timing import Timers, untimed


def train(settings: Settings, job: command.Job, *, timers: Timers = untimed) -> None:
    """Trains the family that the settings choose, or goes on with the same training where it was interrupted.

    DVC's stage hands the results over to `models/FAMILY` and `reports/FAMILY`; by hand and in a sweep they stay in the
    run's own folder under `runs/`.

    Args:
        settings: What the command is set to.
        job: How the stage was called.
        timers: What the training's phases are timed by.
    """
    started = _find_start(settings)
    if not take(job):
        return
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.calibrate import ensure_calibrated
    from pipeline.data.digests import file_digest
    from pipeline.fetch import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.session import training
    from pipeline.training.checkpoints import STATE
    from pipeline.training.family import find_family, forget_models

    ensure_fetched(settings.data)
    calibration = ensure_calibrated(settings, job) if find_family(settings.family).generate else None
    digests = {
        "settings": settings.digest(),
        "data": file_digest(settings.data.file),
        "code": code_digest(),
    }
    if calibration:
        digests["judge"] = calibration.digest
    if started:
        digests["start"] = file_digest(started / STATE)
    if pass_over(settings, job, digests=digests):
        return
    try:
        with claim(_parent(settings.family), combined_digest(*digests.values())) as folder:
            training.train(settings, job, folder, digests=digests, calibration=calibration, timers=timers)
            results = _settle(folder, settings.family)
    finally:
        if job.sweep:
            forget_models()
    make_console().print(f"trained {settings.model.steps:,} steps: {display(results)}")


def _find_start(settings: Settings) -> Path | None:
    if settings.start_from is None:
        return None
    started = find_models(settings.start_from)
    facts = read_facts(started)
    refuse_other_family(started, facts, settings.family)
    taken = int(facts["steps"])
    if settings.model.steps <= taken:
        raise SettingsError(
            f"`{settings.family}.steps` must be above {taken}, which `start_from` has taken already. "
            f"Received: {settings.model.steps}"
        )
    return started


def _parent(family: str) -> Path:
    return STORE_ROOT / "runs" / ("dvc" if command.stage_of_dvc() else "") / family


def _settle(folder: RunFolder, family: str) -> Path:
    if not command.stage_of_dvc():
        folder.end("finished")
        return folder.path
    models = ROOT / "models" / family
    folder.hand_over(models=models, reports=ROOT / "reports" / family)
    return models


if __name__ == "__main__":
    command.run("pipeline.train", train, around=closed_afterwards)
