"""A finished run's files with figures and pictures that are made up."""

import json
from pathlib import Path

from PIL import Image

from pipeline.runs.changes import changed_settings
from pipeline.runs.folder import LAYOUT, RunFiles, RunFolder
from pipeline.runs.location import RunLocation, find_run
from tests.composing import settings_of

FIGURES = """figure,value,reference
test/hard/generator/loss,1.0159,
quality/accuracy,0.9964,0.9936
quality/accuracy_by_digit/worst,0.9927,0.9864
quality/accuracy_by_digit/3,0.5,0.9941
quality/frechet_by_digit/3,1.5,0.4
"""
DIGEST = "d" * 64
ORIGIN = {"training": DIGEST, "weights": {"which": "last", "step": 600}}
NAMES = ("weights-generator.png", "digits.png", "losses.png", "nearest.png", "of-ones-own.png", "training.gif")
RUN_ID = "f" * 32


def reported_run(folder: Path, *overrides: str) -> RunLocation:
    """A finished run in a folder whose pictures are drawn and which was evaluated."""
    run = RunFolder(folder)
    settings = settings_of("acgan.steps=600", "seed=4", *overrides)
    metadata = {
        "layout": LAYOUT,
        "run_id": RUN_ID,
        "digest": DIGEST,
        "name": "acgan seed=4",
        "command": "python -m pipeline.train seed=4",
        "changed": changed_settings(settings),
        "data": "a" * 64,
    }
    run.update_metadata(**metadata, steps=600, best_step=450, settings=settings.of_training())
    for path in (run.pictures, run.evaluation):
        path.mkdir(parents=True)
    for name in NAMES:
        Image.new("L", (1200, 400), 128).save(run.pictures / name)
    Image.new("L", (700, 700), 128).save(run.evaluation / "confusion.png")
    (run.evaluation / "figures.csv").write_text(FIGURES, encoding="utf-8")
    (run.evaluation / "figures.json").write_text(json.dumps(ORIGIN), encoding="utf-8")
    return find_run(settings_of(f"run={folder.as_posix()}"))


def of_dvc(location: RunLocation) -> RunLocation:
    """The same run as a stage of DVC has it."""
    files = RunFiles(location.files.models, location.files.reports)
    return RunLocation(files, location.metadata, location.settings)
