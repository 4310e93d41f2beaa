"""The judge of a training's reports, trained when the first of them needs it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.judging.calibration import Calibration, judge_metadata
from pipeline.judging.description import judge_tags
from pipeline.judging.quality import measure_reports
from pipeline.rendering.terminal import make_console
from pipeline.runs.folder import RunFolder
from pipeline.runs.start import ScoreBasis, compares
from pipeline.tracking.runs import Run
from pipeline.training.family import ReportQuality, Training
from pipeline.training.history import History
from pipeline.training.loop import Evaluator, Plan

if TYPE_CHECKING:  # how a judge is trained and tracked decides no training
    from pipeline.judging.run import JudgeOnDemand


class ReportJudge:
    """Measures the reports of a training; `note` is called with the judge as soon as there is one.

    Where reports may be chosen (`selecting`), the judge scores them; see `measure_reports`.
    """

    def __init__(
        self,
        judge: JudgeOnDemand,
        plan: Plan,
        history: History,
        *,
        note: Callable[[Calibration], None],
        selecting: bool,
    ) -> None:
        self._judge, self._plan, self._history = judge, plan, history
        self._note, self._selecting = note, selecting
        if not judge.is_missing:
            note(judge.calibration())

    def is_due(self) -> bool:
        """Whether a report follows for which the judge must be trained."""
        return self._judge.is_missing and self._plan.report_is_due(self._history)

    def train(self) -> None:
        """Trains the judge, unless another command has meanwhile."""
        self._note(self._judge.calibration())
        gc.freeze()

    def __call__(self, training: Training) -> ReportQuality:
        """Measures what a training generates now."""
        return self._measure(training)

    @cached_property
    def _measure(self) -> Evaluator:
        return measure_reports(self._judge.calibration(), selecting=self._selecting)


def note_judge(
    calibration: Calibration | None, *, basis: Callable[[], ScoreBasis], history: History, folder: RunFolder, run: Run
) -> None:
    """Notes the judge of a training's reports, if any, and what their scores depend on.

    Where that has changed since the training was interrupted, the best report is chosen anew.
    """
    before, now = folder.metadata().get("reported_on"), basis()
    if before is not None and history.best_step is not None and not compares(history, before, now):
        make_console().print("another judge than that of the reports so far: the best of them counts no more")
        history.reset_best()
    judged = {"judge": judge_metadata(calibration)} if calibration else {}
    folder.update_metadata(reported_on=now, **judged)
    if calibration:
        run.tags(judge_tags(calibration))
