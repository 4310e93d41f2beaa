"""The scores of real digits, and measurements beside them.

A measure that compares two samples finds a difference even between real ones, a larger one the fewer digits there are.
Its reference is the score of real training digits against real test digits, as many as will be generated. A measure of
one sample by itself has the value of the test digits as its reference: the judge has memorised the training digits, and
each of them is its own nearest training image.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.data.keys import Key
from pipeline.evaluation.accuracy import accuracy, confusion
from pipeline.evaluation.diversity import PAIRS
from pipeline.evaluation.measures import ACCURACY, Values, measure_against, measure_alone, measure_quickly
from pipeline.evaluation.sample import Sample
from pipeline.settings.errors import PipelineError


class MissingReferenceError(PipelineError):
    """A measure has no reference."""


@dataclass(frozen=True)
class Measurement:
    """A value of generated digits with its reference, that of real digits."""

    value: float
    reference: float


def find_references(training: Sample, unseen: Sample, *, seed: int, pairs: int = PAIRS) -> Values:
    """Computes the reference of every measure, by the keys of `measure`.

    Args:
        training: Real digits of the training split, as many as will be generated.
        unseen: The real digits that generated ones will be measured against.
        seed: Seed of the pairs that are compared for diversity, 0 or more.
        pairs: Pairs of each digit.
    """
    return measure_alone(unseen, unseen, seed=seed, pairs=pairs) | measure_against(training, unseen)


def find_quick_references(training: Sample, unseen: Sample) -> Values:
    """Computes the references of the quick measures, by the keys of `measure_quickly`.

    Few digits make a distance that depends on which they are: of 2,000 real ones between 0.47 and 0.84. So each
    reference is the mean over as many samples of `unseen`'s size as `training` holds, which have no digit in common.
    """
    count = len(unseen)
    starts = range(0, max(len(training) - count, 0) + 1, count)
    found = [measure_quickly(training.part(count, start=start), unseen) for start in starts]
    means = {key: float(np.mean([values[key] for values in found])) for key in found[0]}
    return means | {ACCURACY: accuracy(confusion(unseen.probabilities, unseen.digits))}


def beside_references(values: Mapping[Key, float], references: Mapping[Key, float]) -> dict[Key, Measurement]:
    """Pairs each value with its reference, by key and in the order of `values`; other references are left out.

    A class of which there are too few real images for a reference is left out.

    Raises:
        MissingReferenceError: A value of all classes together has no reference.
    """
    missing = sorted(str(key) for key in values.keys() - references.keys() if not key.digit)
    if missing:
        raise MissingReferenceError(
            f"every measure must have its reference: run `dvc repro judge`. Received: none for {', '.join(missing)}"
        )
    return {key: Measurement(value, references[key]) for key, value in values.items() if key in references}
