"""The models of a finished run as other programs run them: written, compared with Keras, and logged."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.composition.export import draw_inputs, export_onnx, export_saved_model, largest_difference
from pipeline.data.files import locked, remove_unfinished, replacing
from pipeline.judging.files import JUDGE, WEIGHTS
from pipeline.judging.folder import tracked_folder
from pipeline.judging.network import load_judge
from pipeline.models.precision import FULL
from pipeline.runs.location import RunLocation
from pipeline.settings import paths
from pipeline.settings.errors import PipelineError
from pipeline.settings.judge import JudgeSettings
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.store import Store
from pipeline.training.checkpoints import load_parts
from pipeline.training.family import find_family

TOLERANCE = 1e-5
COMPARED = 1000


class ExportError(PipelineError):
    """A model cannot be exported, or its export computes something else."""


def export_run(location: RunLocation) -> Iterator[tuple[str, float]]:
    """Writes `NAME.onnx` and the SavedModel `NAME/` of each half, and of the judge of the training if it is here.

    The weights are those that `evaluate.weights` names; the last part, the composition, is left out.

    Yields:
        Each model's name, and the largest difference of its ONNX file from Keras; see `largest_difference`.

    Raises:
        ExportError: The models compute in another precision than float32, or one differs by more than 1e-5.
        LockedError: Another process exports the run.
    """
    precision = location.settings.compute.precision
    if precision != FULL:
        raise ExportError(f"`run` must be a training in {FULL} to be exported. Received: one in {precision}")
    with locked(folder := location.files.exports):
        remove_unfinished(folder)
        for name, model in _models(location):
            difference = _write_onnx(model, folder / f"{name}.onnx")
            export_saved_model(model, folder / name)
            yield name, difference


def log_exports(location: RunLocation, store: Store) -> bool:
    """Logs the exports under `exports` on the training's own run; returns whether the store knows it."""
    run_id = str(location.metadata["run_id"])
    known = store.knows(run_id)
    if known:
        Recorder(store, run_id).files(location.files.exports, "exports")
    return known


def _write_onnx(model: Any, file: Path) -> float:
    """Writes a model as ONNX once that equals Keras, and returns the largest difference; else the former file stays."""
    with replacing(file) as aside:
        export_onnx(model, aside)
        difference = largest_difference(model, aside, draw_inputs(model, count=COMPARED))
        if difference > TOLERANCE:
            raise ExportError(f"{file.name} must equal Keras to {TOLERANCE:g}. It differs by {difference:.1g}")
    return difference


def _models(location: RunLocation) -> Iterator[tuple[str, Any]]:
    settings = location.settings
    parts = load_parts(location.files.weights(location.choose(settings.evaluate.weights).which))
    for name in find_family(settings.family).example(settings):
        yield name, parts[name]
    judge = _find_judge(location)
    if judge is not None:
        yield "judge", judge


def _find_judge(location: RunLocation) -> Any:
    """Finds the judge that measured the training; None where it is not in this project."""
    digest = location.metadata.get("judge", {}).get("digest")
    if digest is None:
        return None
    for folder in (tracked_folder(), *_folders(paths.STORE_ROOT / "runs" / "judges")):
        try:
            metadata = json.loads((folder / JUDGE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if metadata.get("digest") == digest:
            return load_judge(
                folder / WEIGHTS,
                JudgeSettings.model_validate(metadata["settings"]),
                format=location.settings.format,
            )
    return None


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.glob("*") if path.is_dir())
