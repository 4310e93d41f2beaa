"""Which setting of a sweep is ahead of others on a measure by more than chance."""

from collections.abc import Mapping
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_ind_from_stats

from pipeline.data.keys import Key
from pipeline.evaluation.intervals import FEWEST_SEEDS
from pipeline.evaluation.measures import ACCURACY, COVERAGE
from pipeline.evaluation.seeds import Setting

# Of the judge's measures; a family names its own.
HIGHER_IS_BETTER = frozenset({ACCURACY.name, COVERAGE.name, "precision", "recall", "density", "digit_score"})
ERROR = 0.05


class Ahead(NamedTuple):
    """The setting that is ahead of the most others, by name, with those that it is ahead of: all, some or none."""

    setting: str
    others: tuple[str, ...]


def find_ahead(settings: Mapping[str, Setting], measure: Key, *, higher_is_better: bool) -> Ahead:
    """Finds the setting that is ahead of the most others; of several such the one with the best mean.

    Settings are compared in pairs by Welch's t-test (Welch 1947, "The generalization of Student's problem when several
    different population variances are involved"). Each error is multiplied by the number of pairs, as Bonferroni does:
    the chance that any difference is called significant by mistake is `ERROR` at most, however many settings there are.

    Args:
        settings: Two settings at least, by name; each has three seeds of the measure.
        measure: What they are compared by.
        higher_is_better: Whether more of the measure is better, or less.

    Raises:
        ValueError: A setting has too few seeds, or there is one setting alone.
    """
    sign = 1 if higher_is_better else -1
    seeds = {name: sign * np.array(setting.values(measure)) for name, setting in settings.items()}
    enough = sum(len(values) >= FEWEST_SEEDS for values in seeds.values())
    if enough < max(2, len(settings)):
        raise ValueError(f"`settings` must be two at least, each with three seeds. Received: {enough} such")
    error = ERROR / comb(len(seeds), 2)
    ahead = {
        name: tuple(other for other, lower in seeds.items() if _is_better(values, lower, error=error))
        for name, values in seeds.items()
    }
    first = max(seeds, key=lambda name: (len(ahead[name]), seeds[name].mean()))
    return Ahead(first, ahead[first])


def _is_better(values: NDArray[np.float64], others: NDArray[np.float64], *, error: float) -> bool:
    """Whether the mean of values is higher than that of others, with a two-sided error below the one given."""
    moments = [(one.mean(), one.std(ddof=1), len(one)) for one in (values, others)]
    test = ttest_ind_from_stats(*moments[0], *moments[1], equal_var=False)
    return bool(test.pvalue < error and test.statistic > 0)
