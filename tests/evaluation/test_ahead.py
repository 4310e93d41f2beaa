"""Which setting is ahead of which others on a measure, by intervals that lie apart."""

import pytest

from pipeline.data.keys import Key, held_out_key
from pipeline.evaluation.ahead import Ahead, find_ahead
from pipeline.evaluation.seeds import Setting

COVERAGE, DISTANCE = held_out_key("coverage"), held_out_key("frechet_digit_distance")


def setting(measure: Key, *values: float) -> Setting:
    return Setting({}, [{measure: value} for value in values])


@pytest.mark.parametrize(("measure", "best"), [(COVERAGE, "high"), (DISTANCE, "low")])
def test_the_best_has_its_interval_on_the_better_side_of_all_others(measure: Key, best: str) -> None:
    found = {
        "low": setting(measure, 0.50, 0.51, 0.52),
        "middle": setting(measure, 0.60, 0.61, 0.62),
        "high": setting(measure, 0.70, 0.71, 0.72),
    }
    ahead = find_ahead(found, measure)
    assert ahead.setting == best
    assert set(ahead.others) == found.keys() - {best}


def test_intervals_that_overlap_are_not_apart() -> None:
    # Three seeds have an interval of 2.48 standard deviations on each side.
    apart = {"a": setting(COVERAGE, 0.50, 0.51, 0.52), "b": setting(COVERAGE, 0.551, 0.561, 0.571)}
    near = {"a": setting(COVERAGE, 0.50, 0.51, 0.52), "b": setting(COVERAGE, 0.549, 0.559, 0.569)}
    assert (find_ahead(apart, COVERAGE).others, find_ahead(near, COVERAGE).others) == (("a",), ())


def test_the_setting_with_the_highest_mean_is_not_the_best_where_its_seeds_scatter() -> None:
    found = {"steady": setting(COVERAGE, 0.60, 0.61, 0.62), "wild": setting(COVERAGE, 0.5, 0.7, 0.9)}
    assert find_ahead(found, COVERAGE) == Ahead("steady", ())


@pytest.mark.parametrize("between", [(0.59, 0.60, 0.61), (0.3, 0.7, 0.9)], ids=["near the best", "scattered"])
def test_a_setting_may_be_ahead_of_some_others_and_not_of_all(between: tuple[float, ...]) -> None:
    low, high = setting(COVERAGE, 0.50, 0.51, 0.52), setting(COVERAGE, 0.60, 0.61, 0.62)
    found = {"low": low, "between": setting(COVERAGE, *between), "high": high}
    assert find_ahead(found, COVERAGE) == Ahead("high", ("low",))


@pytest.mark.parametrize("others", [{}, {"b": setting(COVERAGE, 0.5, 0.6)}])
def test_one_setting_or_too_few_seeds_are_refused(others: dict[str, Setting]) -> None:
    with pytest.raises(ValueError, match="two at least, each with three seeds. Received: 1 such"):
        find_ahead({"a": setting(COVERAGE, 0.50, 0.51, 0.52), **others}, COVERAGE)
