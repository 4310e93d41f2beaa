"""The call of a training that is a trial of a search, which may end it at a report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.data.keys import Key
from pipeline.settings.job import Job

IsHopeless = Callable[[int, Mapping[Key, float]], bool]


@dataclass(frozen=True, kw_only=True)
class TrialJob(Job):
    """The call of a training that is a trial.

    Attributes:
        trial: The trial's number in its search, from 0.
        is_hopeless: Whether a training shall end, by the step and the judge's measures of a report.
    """

    trial: int
    is_hopeless: IsHopeless
