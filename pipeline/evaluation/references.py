"""What real digits score, and a figure beside it.

A measure that compares two samples finds them different even when both are real, the more so the fewer digits there
are. Its reference is what real training digits score against real test digits, as many as will be generated. A measure
that looks at the digits of one sample alone has the test digits' own figure for its reference: the judge has learnt the
training digits by heart, and each of them is its own nearest training image.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.data.keys import Key
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


class MissingReferenceError(PipelineError):
    """A figure has no reference."""


@dataclass(frozen=True)
class Measurement:
    """A figure, never without its reference.

    Attributes:
        value: What was measured.
        reference: What real digits score.
    """

    value: float
    reference: float


def find_references(training: Sample, unseen: Sample, *, seed: int, pairs: int = PAIRS) -> Values:
    """Gives the reference of every measure.

    Args:
        training: Real digits of the training split, as many as will be generated.
        unseen: The real digits that generated ones will be measured against.
        seed: Decides the pairs that are compared for diversity, 0 or more.
        pairs: Pairs of each digit.

    Returns:
        References under the names that `measure` gives.
    """
    return measure_alone(unseen, unseen, seed=seed, pairs=pairs) | measure_against(training, unseen)


def find_quick_references(training: Sample, unseen: Sample) -> Values:
    """Gives the references of the quick measures.

    Args:
        training: Real digits of the training split, as many as will be generated.
        unseen: The real digits that generated ones will be measured against.

    Returns:
        References under the names that `measure_quickly` gives.
    """
    own = {ACCURACY: accuracy(confusion(unseen.probabilities, unseen.digits))}
    return measure_quickly(training, unseen) | own


def beside_references(values: Mapping[Key, float], references: Mapping[Key, float]) -> dict[Key, Measurement]:
    """Puts each figure beside its reference.

    Args:
        values: Figures by name.
        references: References by name, those of `values` among them.

    Returns:
        Both by name, in the order of `values`.

    Raises:
        MissingReferenceError: A figure has no reference.
    """
    missing = sorted(str(key) for key in values.keys() - references.keys())
    if missing:
        raise MissingReferenceError(
            "every figure must have its reference; find the references anew by `dvc repro judge`. "
            f"Received: none for {', '.join(missing)}"
        )
    return {key: Measurement(value, references[key]) for key, value in values.items()}
