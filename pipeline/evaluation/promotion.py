"""Whether one setting's digits are better than another's by more than chance."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scipy.stats import binomtest

from pipeline.data.keys import HELD_OUT, Key
from pipeline.evaluation import measures
from pipeline.evaluation.intervals import FEWEST_SEEDS, estimate
from pipeline.evaluation.seeds import Setting

DISTANCE, ACCURACY = (key.on(HELD_OUT) for key in (measures.FRECHET, measures.ACCURACY))


@dataclass(frozen=True)
class RealAccuracy:
    """What real digits score, and how many of them."""

    share: float
    digits: int

    def lowest(self, confidence: float) -> float:
        """The lower end of its interval by Wilson 1927 (JASA 22), which has a width where all digits are read right."""
        right = binomtest(round(self.share * self.digits), self.digits)
        return float(right.proportion_ci(confidence, method="wilson").low)


@dataclass(frozen=True)
class Condition:
    """A condition of the rule: whether it holds, and a sentence with its numbers."""

    holds: bool
    text: str


def conditions(
    challenger: Setting, champion: Setting, real: RealAccuracy, *, seeds: int, confidence: float
) -> Iterator[Condition]:
    """Yields the conditions under which a challenger replaces the champion; all must hold.

    Both settings have been trained with enough seeds; the challenger's mean accuracy is not below that of real digits
    by more than their interval; and its interval of the Fréchet digit distance lies below the champion's. All are
    measured on validation images.
    """
    for name, setting in (("challenger", challenger), ("champion", champion)):
        count = len(setting.values(DISTANCE))
        trained = f"{count} {'seed' if count == 1 else 'seeds'}"
        yield Condition(count >= seeds, f"the {name}'s setting is trained with {trained}, {seeds} are needed")
    lowest = real.lowest(confidence)
    mean = _mean(challenger, ACCURACY)
    yield Condition(mean >= lowest, f"its accuracy is {mean:.4f}, that of real ones at least {lowest:.4f}")
    (_, upper), (lower, _) = (_interval(setting, DISTANCE, confidence) for setting in (challenger, champion))
    compared = f"its distance is at most {upper:.4g}, the champion's at least {lower:.4g}"
    unknown = f"their distances cannot be compared before both settings have {FEWEST_SEEDS} seeds or more"
    yield Condition(upper < lower, compared if math.isfinite(upper - lower) else unknown)


def _mean(setting: Setting, measure: Key) -> float:
    values = setting.values(measure)
    return estimate(values).mean if values else math.nan


def _interval(setting: Setting, measure: Key, confidence: float) -> tuple[float, float]:
    """The interval over seeds; unbounded where there are too few for one."""
    values = setting.values(measure)
    interval = estimate(values, confidence=confidence).interval if values else None
    return interval or (-math.inf, math.inf)
