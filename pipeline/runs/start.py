"""The state that a training starts in: its checkpoint's, a finished training's, or that of its first step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.data.files import copy_files
from pipeline.evaluation.measures import COVERAGE
from pipeline.rendering.terminal import make_console
from pipeline.runs.folder import RunFiles, RunFolder, find_files
from pipeline.settings.composed import Settings
from pipeline.settings.paths import display
from pipeline.training.checkpoints import load_checkpoint, load_state
from pipeline.training.family import Training
from pipeline.training.history import History

if TYPE_CHECKING:  # how a judge is trained and tracked decides no training
    from pipeline.judging.run import JudgeOnDemand

ScoreBasis = Mapping[str, Mapping[str, object]]


def score_basis(settings: Settings, judge: JudgeOnDemand | None, *, data: str) -> ScoreBasis:
    """Returns what the scores of reports depend on beside the networks; two compare only where it is the same.

    It has a block for the reports' `own` score and, where a judge is asked, one for the `judge`'s; none without
    held-out images. `data` is the hash of the data set.
    """
    limit, validation = settings.data.limit, settings.data.validation
    if not validation:
        return {}
    basis: dict[str, Mapping[str, object]] = {
        "own": {"data": data, "limit": limit, "validation": validation, "images": settings.model.report_images}
    }
    if judge:
        calibration = judge.calibration()
        used = calibration.settings
        judged = {"limit": limit, "validation": used.validation, "images": used.report_images}
        basis["judge"] = {"digest": calibration.digest, "measure": COVERAGE.measure, **judged}
    return basis


def compares(history: History, before: ScoreBasis, now: ScoreBasis) -> bool:
    """Whether the score of the best report so far compares with the next ones."""
    scored = "judge" if history.best_judged else "own"
    return scored in before and before[scored] == now.get(scored)


def restore(
    training: Training, settings: Settings, folder: RunFolder, judge: JudgeOnDemand | None, *, data: str
) -> History:
    """Restores a training from its checkpoint, else from `start_from`; without either it stays as it is built.

    Its variables are overwritten; samples and best models of `start_from` are copied into its folder. The best report
    so far counts only where its own basis is that of the next scores; `data` is the hash of the data set. Returns the
    history until then.
    """
    console = make_console()
    kept, variables = folder.checkpoint, training.variables()
    history = load_checkpoint(kept, variables, previous=folder.previous_checkpoint, warn=console.print)
    if history is not None:
        console.print(f"resuming the interrupted training in {display(folder.path)} after step {history.step:,}")
        return history
    if settings.start_from is None:
        return History()
    finished = find_files(settings.start_from)
    history = load_state(finished.state, training.variables())
    if not _keeps_best(finished, history, settings, judge, data=data):
        history.reset_best()
    pairs = [(finished.samples, folder.samples), (finished.weights("best"), folder.weights("best"))]
    for source, target in pairs[:1] if history.best_step is None else pairs:
        copy_files(source, target)
    console.print(f"starting from {display(settings.start_from)} after step {history.step:,}")
    return history


def _keeps_best(
    finished: RunFiles, history: History, settings: Settings, judge: JudgeOnDemand | None, *, data: str
) -> bool:
    """Whether the models of the best report are there, and its score compares with the next ones."""
    if history.best_step is None or not finished.weights("best").exists():
        return False
    now = score_basis(settings, judge if history.best_judged else None, data=data)
    return compares(history, finished.metadata().get("reported_on", {}), now)
