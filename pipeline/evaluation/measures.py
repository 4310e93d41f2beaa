"""All measures of a sample by key, or the quick ones of a training's reports.

Some measures are also taken of each digit, with their mean and their worst; a digit with too few images is left out.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.data.keys import Key
from pipeline.evaluation.accuracy import accuracy, accuracy_by_digit, confusion
from pipeline.evaluation.coverage import coverage_alone, measure_coverage
from pipeline.evaluation.diversity import PAIRS, ssim_by_digit
from pipeline.evaluation.frechet import frechet_by_digit, frechet_distance
from pipeline.evaluation.memorization import compare_nearest
from pipeline.evaluation.sample import Sample
from pipeline.evaluation.score import digit_score

Values = dict[Key, float]

ACCURACY, FRECHET, COVERAGE = Key("accuracy"), Key("frechet_digit_distance"), Key("coverage")


def measure_quickly(generated: Sample, real: Sample) -> Values:
    """Computes accuracy, Fréchet distance and coverage, by which the best report of a training is chosen.

    Both samples hold more than five digits. Pass the same real one each time: it caches its neighbourhoods.
    """
    return {
        ACCURACY: accuracy(confusion(generated.probabilities, generated.digits)),
        FRECHET: frechet_distance(generated.features, real.features),
        COVERAGE: coverage_alone(generated.features, real.manifold),
    }


def measure(generated: Sample, real: Sample, *, seed: int, pairs: int = PAIRS) -> Values:
    """Computes every measure; the quick ones have the keys and values of `measure_quickly`.

    Both samples hold more than five digits, and nothing was trained on the real ones. The other arguments are those of
    `measure_alone`.
    """
    return measure_alone(generated, real, seed=seed, pairs=pairs) | measure_against(generated, real)


def measure_alone(sample: Sample, unseen: Sample, *, seed: int, pairs: int = PAIRS) -> Values:
    """Computes the measures of one sample by itself.

    Args:
        sample: The digits to measure.
        unseen: Real digits, whose distances say what is near to a training image.
        seed: Seed of the pairs that are compared for diversity, 0 or more.
        pairs: Pairs of each digit.

    Returns:
        Accuracy, digit score and SSIM in a class (lower is more diverse); memorisation too if both samples have their
        nearest training images.
    """
    counts = confusion(sample.probabilities, sample.digits)
    similarity = ssim_by_digit(sample.images, sample.digits, seed=seed, pairs=pairs)
    values = {ACCURACY: accuracy(counts), Key("digit_score"): digit_score(sample.probabilities)}
    values |= _by_digit("accuracy", accuracy_by_digit(counts), np.min)
    values |= _by_digit("ssim", similarity, np.max)
    if sample.nearest is not None and unseen.nearest is not None:
        compared = compare_nearest(sample.nearest, unseen.nearest)
        values |= {Key(name, component="memorization"): value for name, value in compared.items()}
    return values


def measure_against(sample: Sample, real: Sample) -> Values:
    """Computes the measures that compare a sample's distribution with that of real digits.

    They are the Fréchet digit distance, also within each digit, precision, recall, density and coverage.
    """
    overlap = measure_coverage(sample.manifold, real.manifold)
    within = frechet_by_digit(sample.features, sample.digits, real.features, real.digits)
    return {
        FRECHET: frechet_distance(sample.features, real.features),
        **_by_digit("frechet", within, np.max),
        Key("precision"): overlap.precision,
        Key("recall"): overlap.recall,
        Key("density"): overlap.density,
        COVERAGE: overlap.coverage,
    }


def _by_digit(name: str, values: NDArray[np.float64], worst: Callable[[NDArray[np.float64]], float]) -> Values:
    known = {digit: value for digit, value in enumerate(values.tolist()) if np.isfinite(value)}
    if not known:
        return {}
    array = np.array(list(known.values()))
    summary = {"mean": float(array.mean()), "worst": float(worst(array))}
    return {Key(name, digit=str(digit)): value for digit, value in (summary | known).items()}
