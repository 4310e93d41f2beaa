"""The call of a command: its stage, its overrides, and its place in a sweep."""

import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field

from pipeline.settings.frozen import Frozen


class SweepPlace(Frozen):
    """A job's place in its sweep.

    Attributes:
        run: Id of the sweep's run.
        digest: SHA-256 of what decides the job.
        number: The job's number, from 0.
        jobs: Jobs of the sweep; of a search the trials asked for, beyond which those count that replace killed ones.
        before: Jobs that this command runs before it.
        left: Jobs that this command runs from it on.
        at_once: Jobs that run at the same time.
        started: When the command began to run jobs, in seconds since 1970.
        varied: Addresses of the overrides in which the sweep's jobs differ; none of a search, or of one job.
    """

    run: str
    digest: str
    number: int
    jobs: int
    before: int
    left: int
    at_once: int
    started: float
    varied: tuple[str, ...] = Field(default=(), strict=False)

    @property
    def name(self) -> str:
        """The place, as in `job 2 of 4`."""
        name = f"job {self.number + 1}"
        return f"{name} of {self.jobs}" if self.number < self.jobs else name

    @property
    def text(self) -> str:
        """The place and the time left, as in `job 2 of 4, 0:12:30 left for all jobs`."""
        ended, taken = self.before - (self.at_once - 1), time.time() - self.started
        if ended < 1 or taken <= 0:  # the latter where the clock was set back
            return self.name
        left = timedelta(seconds=round(taken / ended * self.left))
        return f"{self.name}, {left} left for all jobs"


class SweepSettings(Frozen):
    """Settings of a sweep.

    Attributes:
        new: Whether a sweep starts afresh though one of the same jobs is there.
        place: A job's place in its sweep, which the sweeper writes; None outside a sweep.
    """

    new: bool
    place: SweepPlace | None


@dataclass(frozen=True)
class Job:
    """The call of a stage.

    Attributes:
        module: The stage, as in `python -m MODULE`.
        overrides: The overrides of the command line or of the sweep.
        family: The chosen family, which the file of a sweep may choose too.
        sweep: Its place in a sweep; None outside a sweep.
    """

    module: str
    overrides: tuple[str, ...]
    family: str | None = None
    sweep: SweepPlace | None = None

    @property
    def command(self) -> str:
        """The command that repeats this job alone, outside its sweep."""
        own = [override for override in self.overrides if not override.startswith("+sweep=")]
        words = with_family(own, self.family) if self.sweep and self.family else own
        return shlex.join(["python", "-m", self.module, *words])

    @property
    def place(self) -> str:
        """The job's place in its sweep and the time left; empty outside a sweep."""
        return self.sweep.text if self.sweep else ""


def with_family(overrides: Sequence[str], family: str) -> list[str]:
    """Returns overrides with the choice of a family, which the file of a sweep or search may have made."""
    chosen = any(override.startswith("model=") for override in overrides)
    return [*overrides] if chosen else [f"model={family}", *overrides]


def stage_of_dvc() -> str | None:
    """Returns the stage that DVC runs this command for, such as `train@acgan`; None if DVC runs none."""
    return os.environ.get("DVC_STAGE")
