"""The judge of a training's reports: made when the first of them needs it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.judging.calibration import Calibration
from pipeline.judging.quality import measure_reports
from pipeline.training.family import ReportQuality, Training
from pipeline.training.history import History
from pipeline.training.loop import Evaluator, Plan

if TYPE_CHECKING:  # how a judge is trained and tracked decides no training
    from pipeline.judging.run import JudgeOnDemand


class ReportJudge:
    """Measures the reports of a training; `note` is called with the judge before the first.

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

    def is_due(self) -> bool:
        """Whether a report follows for which the judge must be trained."""
        return self._plan.report_is_due(self._history) and self._judge.is_missing()

    def make(self) -> None:
        """Trains the judge, unless there is one."""
        self._judge.calibration()
        gc.freeze()

    def __call__(self, training: Training) -> ReportQuality:
        """Measures what a training generates now."""
        return self._measure(training)

    @cached_property
    def _measure(self) -> Evaluator:
        calibration = self._judge.calibration()
        self._note(calibration)
        return measure_reports(calibration, selecting=self._selecting)
