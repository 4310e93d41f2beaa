"""What real digits score, and a figure beside it.

A measure that compares two samples finds them different even when both are real, the more so the fewer digits there
are. Its floor is what real training digits score against real test digits, as many as will be generated. A measure that
looks at the digits of one sample alone has the test digits' own figure for its floor: the judge has learnt the training
digits by heart, and each of them is its own nearest training image.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.evaluation.accuracy import accuracy, confusion
from pipeline.evaluation.diversity import PAIRS
from pipeline.evaluation.measures import (
    ACCURACY,
    Values,
    measure_against,
    measure_alone,
    measure_quickly,
)
from pipeline.evaluation.sample import Sample
from pipeline.settings.errors import PipelineError


class MissingFloorError(PipelineError):
    """A figure has no floor."""


@dataclass(frozen=True)
class Figure:
    """A figure, never without its floor.

    Attributes:
        value: What was measured.
        floor: What real digits score.
    """

    value: float
    floor: float


def find_floors(training: Sample, unseen: Sample, *, seed: int, pairs: int = PAIRS) -> Values:
    """Gives the floor of every measure.

    Args:
        training: Real digits of the training split, as many as will be generated.
        unseen: The real digits that generated ones will be measured against.
        seed: Decides the pairs that are compared for diversity, 0 or more.
        pairs: Pairs of each digit.

    Returns:
        Floors under the names that `measure` gives.
    """
    return measure_alone(unseen, unseen, seed=seed, pairs=pairs) | measure_against(training, unseen)


def find_quick_floors(training: Sample, unseen: Sample) -> Values:
    """Gives the floors of the quick measures.

    Args:
        training: Real digits of the training split, as many as will be generated.
        unseen: The real digits that generated ones will be measured against.

    Returns:
        Floors under the names that `measure_quickly` gives.
    """
    own = {ACCURACY: accuracy(confusion(unseen.probabilities, unseen.digits))}
    return measure_quickly(training, unseen) | own


def beside_floors(values: Mapping[str, float], floors: Mapping[str, float]) -> dict[str, Figure]:
    """Puts each figure beside its floor.

    Args:
        values: Figures by name.
        floors: Floors by name, those of `values` among them.

    Returns:
        Both by name, in the order of `values`.

    Raises:
        MissingFloorError: A figure has no floor.
    """
    missing = sorted(values.keys() - floors.keys())
    if missing:
        raise MissingFloorError(
            "every figure must have its floor; find the floors anew by `dvc repro calibrate`. "
            f"Received: none for {', '.join(missing)}"
        )
    return {name: Figure(value, floors[name]) for name, value in values.items()}
