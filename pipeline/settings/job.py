"""The call of a command: its stage, its overrides, and its place in a sweep."""

import os
import shlex
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

JOBS, STARTED, PASSED = "PIPELINE_SWEEP_JOBS", "PIPELINE_SWEEP_STARTED", "PIPELINE_SWEEP_PASSED"
AT_ONCE = "PIPELINE_SWEEP_AT_ONCE"


@dataclass(frozen=True)
class Job:
    """The call of a stage.

    Attributes:
        module: The stage, as in `python -m MODULE`.
        overrides: The overrides of the command line or of the sweep.
        family: The chosen family, which the file of a sweep may choose too.
        sweep: Folder of the sweep; None outside a sweep.
        number: The job's number in its sweep, from 0.
    """

    module: str
    overrides: tuple[str, ...]
    family: str | None = None
    sweep: Path | None = None
    number: int = 0

    @property
    def command(self) -> str:
        """The command that repeats this job alone, outside its sweep."""
        own = [override for override in self.overrides if not override.startswith("+sweep=")]
        chosen = any(override.startswith("model=") for override in own)
        model = [f"model={self.family}"] if self.sweep and self.family and not chosen else []
        return shlex.join(["python", "-m", self.module, *model, *own])

    @property
    def place(self) -> str:
        """The job's place in its sweep and the time left, as in `job 2 of 4, 0:12:30 left in the sweep`; else empty."""
        if self.sweep is None:
            return ""
        jobs = int(os.environ.get(JOBS, self.number + 1))
        place = f"job {self.number + 1} of {jobs}"
        others = int(os.environ.get(AT_ONCE, "1")) - 1
        trained = self.number - others - int(os.environ.get(PASSED, "0"))
        taken = time.time() - float(os.environ[STARTED]) if trained > 0 else 0
        if taken <= 0:  # also where the clock was set back
            return place
        left = timedelta(seconds=round(taken / trained * (jobs - self.number)))
        return f"{place}, {left} left in the sweep"


def stage_of_dvc() -> str | None:
    """Returns the stage that DVC runs this command for, such as `train@acgan`; None if DVC runs none."""
    return os.environ.get("DVC_STAGE")
