"""Which setting of a sweep is ahead of others on a measure by more than chance."""

from collections.abc import Mapping
from typing import NamedTuple

from pipeline.data.keys import Key
from pipeline.evaluation.measures import ACCURACY, COVERAGE
from pipeline.evaluation.seeds import Setting

HIGHER_IS_BETTER = frozenset({ACCURACY.name, COVERAGE.name, "precision", "recall", "density", "digit_score"})


class Ahead(NamedTuple):
    """The setting that is ahead of the most others, by name, with those that it is ahead of: all, some or none."""

    setting: str
    others: tuple[str, ...]


def find_ahead(settings: Mapping[str, Setting], measure: Key) -> Ahead:
    """Finds the setting whose interval lies on the better side of the most others'.

    It is the one whose interval has the best worse end.

    Two 95 % intervals that do not overlap differ with less chance of an error than 5 % (Schenker & Gentleman 2001,
    "On judging the significance of differences by examining the overlap between confidence intervals").

    Args:
        settings: Two settings at least, by name; each has an interval of the measure.
        measure: More is better of those in `HIGHER_IS_BETTER`, less of all others.

    Raises:
        ValueError: A setting has no interval, or there is one setting alone.
    """
    found = {name: setting.estimate(measure) for name, setting in settings.items()}
    intervals = {name: one.interval for name, one in found.items() if one and one.interval}
    if len(intervals) < max(2, len(settings)):
        raise ValueError(f"`settings` must be two at least, each with three seeds. Received: {len(intervals)} such")
    sign = 1 if measure.name in HIGHER_IS_BETTER else -1
    # Each interval with its worse end first. Whoever has the best of those is ahead of all that any is ahead of.
    ends = {name: sorted(sign * end for end in interval) for name, interval in intervals.items()}
    first = max(ends, key=lambda name: ends[name][0])
    return Ahead(first, tuple(name for name, (_, upper) in ends.items() if upper < ends[first][0]))
