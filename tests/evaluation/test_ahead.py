"""Which setting is ahead of which others on a measure, by more than chance."""

import numpy as np
import pytest

from pipeline.data.keys import Key, held_out_key
from pipeline.evaluation.ahead import Ahead, find_ahead
from pipeline.evaluation.seeds import Setting

COVERAGE = held_out_key("coverage")


def setting(measure: Key, *values: float) -> Setting:
    return Setting({}, [{measure: value} for value in values])


def ahead_of(settings: dict[str, Setting]) -> Ahead:
    return find_ahead(settings, COVERAGE, higher_is_better=True)


@pytest.mark.parametrize(("higher", "best"), [(True, "high"), (False, "low")])
def test_the_best_is_significantly_better_than_each_other(higher: bool, best: str) -> None:
    found = {
        "low": setting(COVERAGE, 0.50, 0.51, 0.52),
        "middle": setting(COVERAGE, 0.60, 0.61, 0.62),
        "high": setting(COVERAGE, 0.70, 0.71, 0.72),
    }
    ahead = find_ahead(found, COVERAGE, higher_is_better=higher)
    assert ahead.setting == best
    assert set(ahead.others) == found.keys() - {best}


def test_two_settings_differ_from_an_error_of_5_percent_on_by_welchs_test() -> None:
    # Two groups of three with standard deviations of 0.01 differ by 2.776 standard errors of 0.01 * sqrt(2 / 3) then.
    apart = {"a": setting(COVERAGE, 0.50, 0.51, 0.52), "b": setting(COVERAGE, 0.523, 0.533, 0.543)}
    near = {"a": setting(COVERAGE, 0.50, 0.51, 0.52), "b": setting(COVERAGE, 0.522, 0.532, 0.542)}
    assert (ahead_of(apart).others, ahead_of(near).others) == (("a",), ())


@pytest.mark.parametrize("count", [2, 4, 20])
def test_of_settings_without_a_difference_one_in_twenty_sweeps_names_one_at_most(count: int) -> None:
    draws = np.random.default_rng(0).normal(size=(200, count, 3))
    named = sum(
        bool(ahead_of({str(one): setting(COVERAGE, *seeds) for one, seeds in enumerate(sweep)}).others)
        for sweep in (draws if count < 20 else draws[:20])
    )
    assert named <= (10 if count < 20 else 1)


def test_settings_whose_seeds_all_measure_the_same_do_not_differ() -> None:
    assert ahead_of({"a": setting(COVERAGE, 1, 1, 1), "b": setting(COVERAGE, 1, 1, 1)}).others == ()
    assert ahead_of({"a": setting(COVERAGE, 1, 1, 1), "b": setting(COVERAGE, 0, 0, 0)}) == ("a", ("b",))


def test_the_setting_with_the_highest_mean_is_not_the_best_where_its_seeds_scatter() -> None:
    low = setting(COVERAGE, 0.50, 0.51, 0.52)
    found = {"low": low, "steady": setting(COVERAGE, 0.60, 0.61, 0.62), "wild": setting(COVERAGE, 0.5, 0.7, 0.9)}
    assert ahead_of(found) == Ahead("steady", ("low",))


@pytest.mark.parametrize("between", [(0.59, 0.60, 0.61), (0.3, 0.7, 0.9)], ids=["near the best", "scattered"])
def test_a_setting_may_be_ahead_of_some_others_and_not_of_all(between: tuple[float, ...]) -> None:
    low, high = setting(COVERAGE, 0.50, 0.51, 0.52), setting(COVERAGE, 0.60, 0.61, 0.62)
    found = {"low": low, "between": setting(COVERAGE, *between), "high": high}
    assert ahead_of(found) == Ahead("high", ("low",))


@pytest.mark.parametrize("others", [{}, {"b": setting(COVERAGE, 0.5, 0.6)}])
def test_one_setting_or_too_few_seeds_are_refused(others: dict[str, Setting]) -> None:
    with pytest.raises(ValueError, match="two at least, each with three seeds. Received: 1 such"):
        ahead_of({"a": setting(COVERAGE, 0.50, 0.51, 0.52), **others})
