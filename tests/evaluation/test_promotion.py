"""The rule by which a challenger replaces the champion."""

import pytest
from scipy.stats import binomtest

from pipeline.evaluation.promotion import ACCURACY, DISTANCE, RealAccuracy, conditions
from pipeline.evaluation.seeds import Setting

REAL = RealAccuracy(0.99, 2000)


def setting(*distances: float, accuracy: float = 0.99) -> Setting:
    return Setting({}, [{DISTANCE: distance, ACCURACY: accuracy} for distance in distances])


CHAMPION = setting(1.0, 1.1, 1.2)
BETTER = setting(0.5, 0.51, 0.52)


def holding(challenger: Setting, champion: Setting = CHAMPION) -> list[bool]:
    return [one.holds for one in conditions(challenger, champion, REAL, seeds=3, confidence=0.95)]


def test_a_lower_distance_whose_interval_lies_apart_replaces_the_champion() -> None:
    assert holding(BETTER) == [True, True, True, True]


def test_intervals_that_overlap_do_not() -> None:
    # 1.1 - t(2) * 0.1 / sqrt(3) = 0.852, 0.7 + t(2) * 0.1 / sqrt(3) = 0.948 with t(2) = 4.303
    assert holding(setting(0.6, 0.7, 0.8)) == [True, True, True, False]
    assert holding(setting(0.5, 0.6, 0.7)) == [True, True, True, True]
    assert holding(CHAMPION)[-1] is False


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_seeds_of_either_do_not(count: int) -> None:
    assert holding(setting(*[0.5] * count)) == [False, True, True, False]
    assert holding(BETTER, setting(*[1.0] * count)) == [True, False, True, False]


def test_an_accuracy_below_real_digits_by_more_than_their_interval_does_not() -> None:
    lower = binomtest(1980, 2000).proportion_ci(0.95, method="wilson").low
    assert REAL.lowest(0.95) == pytest.approx(lower, abs=1e-12) == pytest.approx(0.98460, abs=1e-5)
    assert holding(setting(0.5, 0.51, 0.52, accuracy=0.9847))[2] is True
    assert holding(setting(0.5, 0.51, 0.52, accuracy=0.9845))[2] is False


def test_real_digits_that_are_all_read_right_have_an_interval_too() -> None:
    # n / (n + 1.96²)
    assert RealAccuracy(1.0, 100).lowest(0.95) == pytest.approx(0.96301, abs=1e-5)


def test_a_setting_without_measures_never_replaces_the_champion() -> None:
    assert holding(Setting({}, [])) == [False, True, False, False]


def test_every_condition_has_its_numbers() -> None:
    assert [one.text for one in conditions(BETTER, CHAMPION, REAL, seeds=3, confidence=0.95)] == [
        "the challenger's setting is trained with 3 seeds, 3 are needed",
        "the champion's setting is trained with 3 seeds, 3 are needed",
        "its accuracy is 0.9900, that of real ones at least 0.9846",
        "its distance is at most 0.5348, the champion's at least 0.8516",
    ]


@pytest.mark.parametrize(("distances", "trained"), [((0.5,), "1 seed"), ((0.5, 0.6), "2 seeds")])
def test_a_condition_that_too_few_seeds_cannot_meet_says_so_without_infinite_numbers(
    distances: tuple[float, ...], trained: str
) -> None:
    told = [one.text for one in conditions(setting(*distances), CHAMPION, REAL, seeds=3, confidence=0.95)]
    assert told[0] == f"the challenger's setting is trained with {trained}, 3 are needed"
    assert told[3] == "their distances cannot be compared before both settings have 3 seeds or more"
