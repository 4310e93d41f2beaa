"""Stage and command line: settings → a trained composition, tracked."""

from __future__ import annotations

from pathlib import Path

from pipeline.session import command
from pipeline.session.sweep import closed_afterwards
from pipeline.settings.composed import Settings
from pipeline.settings.paths import ROOT, STORE_ROOT, display
from pipeline.training.folder import RunFolder, claim, code_digest, combined_digest, find_models


def train(settings: Settings, job: command.Job) -> None:
    """Trains the family that the settings choose, or goes on with the same training where it was interrupted.

    DVC's stage hands the results over to `models/FAMILY` and `reports/FAMILY`; by hand and in a sweep they stay in the
    run's own folder under `runs/`.

    Args:
        settings: What the command is set to.
        job: How the stage was called.
    """
    started = find_models(settings.start_from) if settings.start_from else None
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.data.digests import file_digest
    from pipeline.fetch import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.session import training
    from pipeline.training.checkpoints import STATE
    from pipeline.training.family import forget_models

    ensure_fetched(settings.data)
    digests = {
        "settings": settings.digest(),
        "data": file_digest(settings.data.file),
        "code": code_digest(),
    }
    if started:
        digests["start"] = file_digest(started / STATE)
    try:
        with claim(_parent(settings.family), combined_digest(*digests.values())) as folder:
            training.train(settings, job, folder, digests=digests)
            results = _settle(folder, settings.family)
    finally:
        forget_models()
    make_console().print(f"trained {settings.model.steps:,} steps: {display(results)}")


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
