import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.data.keys import Key
from pipeline.evaluation.measures import ACCURACY, COVERAGE, FRECHET, measure, measure_quickly
from pipeline.evaluation.memorization import Nearest, TrainingImages
from pipeline.evaluation.sample import Sample
from tests.evaluation.samples import draw_images, draw_sample

REAL = draw_sample(0)
BY_DIGIT = [*map(str, range(10)), "mean", "worst"]


def test_the_quick_measures_are_those_of_all_under_the_same_names() -> None:
    generated = draw_sample(1, 300, offset=0.4)
    quick, everything = measure_quickly(generated, REAL), measure(generated, REAL, seed=0, pairs=40)
    assert list(quick) == [ACCURACY, FRECHET, COVERAGE]
    assert quick == {key: everything[key] for key in quick}


def test_every_measure_is_there() -> None:
    training = TrainingImages(draw_images(5, 100))
    generated, real = (replace(each, nearest=training.nearest(each.images)) for each in (draw_sample(1), REAL))
    memorization = {
        Key(name, component="memorization") for name in ("quantile_1", "quantile_10", "median", "share_nearer")
    }
    assert set(measure(generated, real, seed=0, pairs=40)) == memorization | {
        *(Key(name, digit=digit) for name in ("accuracy", "frechet", "ssim") for digit in BY_DIGIT),
        *map(Key, ("accuracy", "frechet_digit_distance", "digit_score", "precision", "recall", "density", "coverage")),
    }


def test_memorisation_is_left_out_unless_both_samples_have_their_nearest_images() -> None:
    found = Nearest(np.ones(400), np.zeros(400, np.int64))
    assert all(key.component == "" for key in measure(replace(REAL, nearest=found), REAL, seed=0, pairs=40))


def test_mean_and_worst_are_over_the_digits() -> None:
    values = measure(draw_sample(1, sure=0.5), REAL, seed=0, pairs=40)
    for name, worst in {"accuracy": min, "frechet": max, "ssim": max}.items():
        digits = [values[Key(name, digit=str(digit))] for digit in range(10)]
        assert values[Key(name, digit="mean")] == pytest.approx(np.mean(digits))
        assert values[Key(name, digit="worst")] == worst(digits)


def test_a_digit_that_was_never_asked_for_is_left_out() -> None:
    kept = np.flatnonzero(REAL.digits != 8)
    generated = Sample(REAL.images[kept], REAL.digits[kept], REAL.probabilities[kept], REAL.features[kept])
    values = measure(generated, REAL, seed=0, pairs=40)
    assert not any(key.digit == "8" for key in values)
    assert values[Key("digit_score")] < measure(REAL, REAL, seed=0, pairs=40)[Key("digit_score")]
    assert values[Key("coverage")] == pytest.approx(len(kept) / len(REAL), abs=0.02)


def test_samples_too_small_for_any_digit_leave_the_digits_out() -> None:
    generated = draw_sample(1, 10)
    generated = replace(generated, digits=np.arange(10))
    values = measure(generated, REAL, seed=0, pairs=40)
    assert {key.measure for key in values if key.digit} == {"accuracy"}


def test_digits_of_the_wrong_class_are_told_by_accuracy_and_within_digits_and_by_nothing_else() -> None:
    right = draw_sample(1)
    wrong = replace(right, digits=(right.digits + 1) % 10)
    before, after = measure(right, REAL, seed=0, pairs=40), measure(wrong, REAL, seed=0, pairs=40)
    assert (before[Key("accuracy")], after[Key("accuracy")]) == (1, 0)
    assert after[Key("frechet", digit="mean")] > 3 * before[Key("frechet", digit="mean")]
    for key in map(Key, ("frechet_digit_distance", "digit_score", "precision", "recall", "density", "coverage")):
        assert before[key] == after[key]


def test_one_image_a_class_over_and_over_is_told_by_recall_coverage_and_ssim() -> None:
    first = np.array([np.flatnonzero(REAL.digits == digit)[0] for digit in range(10)])[REAL.digits]
    collapsed = replace(REAL, images=REAL.images[first], features=REAL.features[first])
    values = measure(collapsed, REAL, seed=0, pairs=40)
    assert values[Key("ssim", digit="mean")] == pytest.approx(1)
    assert (values[Key("accuracy")], values[Key("precision")], values[Key("recall")]) == (1, 1, 0)
    assert values[Key("coverage")] < 0.3


def test_the_same_seed_gives_the_same_figures_and_another_one_other_pairs_only() -> None:
    generated = draw_sample(1)
    values = [measure(replace(generated), REAL, seed=seed, pairs=40) for seed in (3, 3, 4)]
    assert values[0] == values[1]
    assert {key.measure for key in values[0] if values[0][key] != values[2][key]} == {"ssim"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"digits": np.zeros(3, int)}, "of one length. Received: [400, 3, 400, 400]"),
        ({"nearest": Nearest(np.ones(2), np.ones(2, np.int64))}, "of one length. Received: [400, 400, 400, 400, 2]"),
        ({"features": np.full((400, 16), np.nan)}, "must be finite"),
        ({"probabilities": np.full((400, 10), np.inf)}, "must be finite"),
    ],
)
def test_arrays_that_make_no_sample_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        replace(REAL, **change)
