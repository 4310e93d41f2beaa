"""The runs that a comparison is of."""

import re

from pydantic import Field

from pipeline.settings.errors import SettingsError
from pipeline.settings.frozen import Frozen


class CompareSettings(Frozen):
    """The runs to compare, which `runs=ID,ID` names.

    Attributes:
        runs: Their ids in MLflow: of sweeps, of trainings, or of both.
    """

    runs: tuple[str, ...] = Field(default=(), strict=False)


def check_runs(settings: CompareSettings) -> tuple[str, ...]:
    """Returns the ids of the runs to compare.

    Raises:
        SettingsError: There is none, or one is no id.
    """
    runs = settings.runs
    wrong = [run_id for run_id in runs if not re.fullmatch("[0-9a-f]{32}", run_id)]
    if wrong or not runs:
        raise SettingsError(
            "`runs` must be ids of runs in MLflow, 32 hexadecimal digits each, as in runs=ID,ID. "
            f"Received: {', '.join(wrong) or 'none'}"
        )
    return runs
