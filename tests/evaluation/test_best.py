"""The best setting on a measure, by intervals that lie apart."""

import pytest

from pipeline.data.keys import Key, held_out_key
from pipeline.evaluation.best import find_best
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
    assert find_best(found, measure) == best


def test_intervals_that_overlap_have_no_best() -> None:
    # Three seeds have an interval of 2.48 standard deviations on each side.
    apart = {"a": setting(COVERAGE, 0.50, 0.51, 0.52), "b": setting(COVERAGE, 0.551, 0.561, 0.571)}
    near = {"a": setting(COVERAGE, 0.50, 0.51, 0.52), "b": setting(COVERAGE, 0.549, 0.559, 0.569)}
    assert (find_best(apart, COVERAGE), find_best(near, COVERAGE)) == ("b", None)


def test_the_setting_with_the_highest_mean_is_not_the_best_where_its_seeds_scatter() -> None:
    found = {"steady": setting(COVERAGE, 0.60, 0.61, 0.62), "wild": setting(COVERAGE, 0.5, 0.7, 0.9)}
    assert find_best(found, COVERAGE) is None


@pytest.mark.parametrize("others", [{}, {"b": setting(COVERAGE, 0.5, 0.6)}])
def test_one_setting_or_too_few_seeds_are_refused(others: dict[str, Setting]) -> None:
    with pytest.raises(ValueError, match="two at least, each with three seeds. Received: 1 such"):
        find_best({"a": setting(COVERAGE, 0.50, 0.51, 0.52), **others}, COVERAGE)
