from math import inf, nan

import pytest

from pipeline.data.keys import Key
from pipeline.evaluation.seeds import SeededRun, Setting, by_setting, can_compare


def run(weight: str, seed: int, **figures: float) -> SeededRun:
    return SeededRun({"weight": weight}, str(seed), {Key(name): value for name, value in figures.items()})


def test_runs_that_differ_in_their_seed_alone_are_one_setting() -> None:
    runs = [run("1", 0, accuracy=0.9), run("2", 0, accuracy=0.7), run("1", 1, accuracy=0.8)]
    first, second = by_setting(runs)
    assert (first.settings, first.values(Key("accuracy"))) == ({"weight": "1"}, [0.9, 0.8])
    assert (second.settings, second.values(Key("accuracy"))) == ({"weight": "2"}, [0.7])


def test_the_same_seed_again_is_no_further_seed() -> None:
    (setting,) = by_setting([run("1", 0, accuracy=0.5), run("1", 0, accuracy=0.9), run("1", 0)])
    assert setting.values(Key("accuracy")) == [0.9]


def test_a_setting_of_which_no_run_finished_is_kept_without_figures() -> None:
    (setting,) = by_setting([run("1", 0), run("1", 1)])
    assert (setting.runs, setting.estimate(Key("accuracy"))) == ([], None)


@pytest.mark.parametrize("lost", [nan, inf])
def test_a_figure_that_is_not_finite_counts_for_nothing(lost: float) -> None:
    (setting,) = by_setting([run("1", 0, accuracy=0.5, frechet=lost), run("1", 1, frechet=lost)])
    assert (setting.values(Key("accuracy")), setting.values(Key("frechet"))) == ([0.5], [])
    assert len(setting.runs) == 1


def test_three_seeds_have_an_interval_after_student() -> None:
    found = Setting({}, [{Key("accuracy"): value} for value in (1.0, 2.0, 3.0)]).estimate(Key("accuracy"))
    assert found is not None
    assert (found.mean, found.seeds) == (2, 3)
    assert found.margin == pytest.approx(4.302653 / 3**0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("seeds", "comparable"),
    [((3, 3), True), ((3, 2), False), ((1, 1), False), ((3, 0), True), ((0, 0), False), ((3, 3, 2), True)],
)
def test_settings_compare_when_two_or_all_that_have_figures_have_three_seeds(
    seeds: tuple[int, ...], comparable: bool
) -> None:
    settings = [Setting({}, [{Key("accuracy"): 0.5}] * count) for count in seeds]
    assert can_compare(settings, [Key("accuracy"), Key("coverage")]) is comparable
