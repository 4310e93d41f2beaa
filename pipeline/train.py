"""Stage and command line: settings → a trained composition, tracked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.session import command
from pipeline.session.sweep import closed_afterwards
from pipeline.settings.composed import Settings
from pipeline.settings.paths import ROOT, STORE_ROOT, display

if TYPE_CHECKING:
    from pipeline.training.folder import RunFolder


def train(settings: Settings, job: command.Job) -> None:
    """Trains the family that the settings choose, or goes on with the same training where it was interrupted.

    DVC's stage hands the results over to `models/FAMILY` and `reports/FAMILY`; by hand and in a sweep they stay in the
    run's own folder under `runs/`.

    Args:
        settings: What the command is set to.
        job: How the stage was called.
    """
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.data import mnist
    from pipeline.fetch import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.session import training
    from pipeline.training.checkpoints import state_file
    from pipeline.training.folder import claim, code_digest, combined_digest

    ensure_fetched(settings.data)
    digests = {
        "settings": settings.digest(),
        "data": mnist.digest(settings.data.file),
        "code": code_digest(),
    }
    if settings.start_from is not None:
        digests["start"] = mnist.digest(state_file(settings.start_from))
    with claim(_parent(settings.family), combined_digest(*digests.values())) as folder:
        training.train(settings, job, folder, digests=digests)
        results = _settle(folder, settings.family)
    make_console().print(f"trained {settings.model.steps:,} steps: {display(results)}")


def _parent(family: str) -> Path:
    return STORE_ROOT / "runs" / ("dvc" if command.stage_of_dvc() else "") / family


def _settle(folder: RunFolder, family: str) -> Path:
    if not command.stage_of_dvc():
        folder.end("finished")
        return folder.path
    models = ROOT / "models" / family
    folder.move_to(models=models, reports=ROOT / "reports" / family)
    return models


if __name__ == "__main__":
    command.run("pipeline.train", train, around=closed_afterwards)
