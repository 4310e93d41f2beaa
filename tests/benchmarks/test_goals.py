import pytest

from benchmarks.trainings.goals import figure_within, find_goals
from benchmarks.trainings.summary import ACCURACY, COVERAGE, FRECHET
from tests.benchmarks.runs import report, run, three

GOOD = report(750, 280, accuracy=0.985, frechet=2.5, coverage=0.65)
BETTER = report(1500, 560, accuracy=0.99, frechet=1.2, coverage=0.8)
BLOBS = report(600, 3000, accuracy=0.58, frechet=43.5, coverage=0.04)


def met(name: str, *runs: object) -> dict[str, bool]:
    goals = find_goals([one for group in runs for one in group])  # type: ignore[attr-defined]
    return {goal.name: goal.met for goal in goals if goal.name.startswith(name)}


def test_a_recipe_that_is_good_in_time_meets_its_goals() -> None:
    goals = find_goals(three("default", GOOD, BETTER))
    assert [(goal.name, goal.got) for goal in goals] == [
        ("default within 300 s: accuracy", 0.985),
        ("default within 300 s: frechet_digit_distance", 2.5),
        ("default within 300 s: coverage", 0.65),
        ("default within 600 s: frechet_digit_distance", 1.2),
        ("default within 600 s: coverage", 0.8),
    ]
    assert all(goal.met for goal in goals)


def test_with_two_seeds_nothing_is_met() -> None:
    goals = find_goals(three("default", GOOD, BETTER)[:2])
    assert [goal.got for goal in goals][:1] == [0.985]
    assert not any(goal.met for goal in goals)


def test_one_seed_three_times_is_one_seed() -> None:
    assert not any(goal.met for goal in find_goals([run("default", 0, GOOD, BETTER)] * 3))


def test_a_smoke_test_meets_nothing() -> None:
    runs = [run("default", seed, GOOD, BETTER, label="smoke") for seed in range(3)]
    assert not any(goal.met for goal in find_goals(runs))


def test_what_counts_is_the_last_report_in_time_and_not_the_best() -> None:
    worse = report(800, 299, coverage=0.5)
    assert figure_within(three("default", GOOD, worse, BETTER), COVERAGE, 300) == 0.5


def test_the_time_of_a_report_is_that_of_the_middle_seed() -> None:
    late = run("default", 2, report(750, 301, accuracy=0.985))
    runs = three("default", GOOD)
    assert figure_within([*runs[:2], late], ACCURACY, 300) == 0.985
    assert figure_within([runs[0], late, late], ACCURACY, 300) is None


def test_the_figure_is_the_middle_seed() -> None:
    runs = [run("default", seed, report(1, 1, frechet=value)) for seed, value in enumerate((9.0, 2.0, 3.0))]
    assert figure_within(runs, FRECHET, 10) == 3.0


def test_the_default_must_beat_the_last_report_of_the_original_in_a_tenth_of_its_time() -> None:
    original = three("original", report(150, 700, accuracy=0.9), BLOBS)
    goals = [goal for goal in find_goals([*three("default", GOOD, BETTER), *original]) if "original" in goal.name]
    assert [goal.want for goal in goals] == ["> 0.58", "< 43.5", "> 0.04"]
    assert [goal.got for goal in goals] == [0.985, 2.5, 0.65]
    assert all(goal.met and "300 s" in goal.name for goal in goals)


def test_a_report_after_a_tenth_of_the_original_comes_too_late() -> None:
    late = three("default", report(750, 301))
    assert met("default within a tenth", late, three("original", BLOBS)) == {
        f"default within a tenth of original's time, 300 s: {name}": False for name in (ACCURACY, FRECHET, COVERAGE)
    }


def test_two_seeds_of_the_original_are_too_few_to_beat() -> None:
    goals = met("default within a tenth", three("default", GOOD), three("original", BLOBS)[:2])
    assert set(goals.values()) == {False}


@pytest.mark.parametrize(("score", "expected"), [(0.985, True), (0.975, False), (None, False)])
def test_a_long_training_is_held_to_its_classification_accuracy(score: float | None, expected: bool) -> None:
    end = report(9000, 7000, accuracy=0.995, frechet=0.7, coverage=0.92)
    runs = [run("long", seed, end, classification_accuracy=score) for seed in range(3)]
    goals = {goal.name: goal.met for goal in find_goals(runs)}
    assert goals.pop("long within 7200 s: classification_accuracy") is expected
    assert len(goals) == 3
    assert all(goals.values())


def test_recipes_that_were_not_run_have_no_goals() -> None:
    assert find_goals(three("compact", GOOD)) == []
