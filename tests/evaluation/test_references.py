from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.keys import Key
from pipeline.evaluation.measures import measure, measure_quickly
from pipeline.evaluation.memorization import TrainingImages
from pipeline.evaluation.references import (
    Measurement,
    MissingReferenceError,
    beside_references,
    find_quick_references,
    find_references,
)
from tests.evaluation.samples import draw_sample

TRAINING, UNSEEN = draw_sample(1), draw_sample(2)


@pytest.mark.slow
def test_references_have_the_names_of_the_measures() -> None:
    index = TrainingImages(TRAINING.images)
    generated, unseen = (replace(each, nearest=index.nearest(each.images)) for each in (draw_sample(3), UNSEEN))
    assert (
        find_references(TRAINING, unseen, seed=0, pairs=40).keys()
        == measure(generated, unseen, seed=0, pairs=40).keys()
    )
    assert find_quick_references(TRAINING, UNSEEN).keys() == measure_quickly(generated, UNSEEN).keys()


def test_quick_references_are_those_of_all() -> None:
    references = find_references(TRAINING, UNSEEN, seed=0, pairs=40)
    quick = find_quick_references(TRAINING, UNSEEN)
    assert quick == {name: references[name] for name in quick}


def test_quick_references_are_means_over_samples_of_the_unseen_ones_size() -> None:
    several = draw_sample(1, 700)
    found = find_quick_references(several, draw_sample(2, 200))
    each = [measure_quickly(several.part(200, start=start), draw_sample(2, 200)) for start in (0, 200, 400)]
    for name in (Key("frechet_digit_distance"), Key("coverage")):
        assert found[name] == pytest.approx(sum(values[name] for values in each) / 3)


def test_distributions_are_compared_between_training_and_unseen_digits() -> None:
    references, training = (
        find_references(TRAINING, UNSEEN, seed=0, pairs=40),
        measure(TRAINING, UNSEEN, seed=0, pairs=40),
    )
    for name in (
        *map(Key, ("frechet_digit_distance", "precision", "recall", "density", "coverage")),
        Key("frechet", digit="worst"),
    ):
        assert references[name] == training[name]


@pytest.mark.slow
def test_digits_by_heart_do_not_raise_the_reference_of_what_looks_at_one_sample() -> None:
    index = TrainingImages(TRAINING.images)
    unseen = replace(
        UNSEEN, probabilities=np.roll(UNSEEN.probabilities, 1, axis=0), nearest=index.nearest(UNSEEN.images)
    )
    by_heart = replace(TRAINING, nearest=index.nearest(TRAINING.images))
    references = find_references(by_heart, unseen, seed=0, pairs=40)
    assert references[Key("accuracy")] == measure_quickly(unseen, unseen)[Key("accuracy")] < 0.3
    assert references[Key("median", component="memorization")] > 0
    assert references[Key("share_nearer", component="memorization")] == pytest.approx(0.01)


def test_the_fewer_digits_the_higher_the_reference_of_the_frechet_distance() -> None:
    few = find_quick_references(draw_sample(1, 100), draw_sample(2, 100))
    many = find_quick_references(draw_sample(1, 2000), draw_sample(2, 2000))
    assert few[Key("frechet_digit_distance")] > 5 * many[Key("frechet_digit_distance")]


def test_each_figure_stands_beside_its_own_reference() -> None:
    figures = beside_references(
        {Key("coverage"): 0.6, Key("accuracy"): 0.98},
        {Key("accuracy"): 0.99, Key("coverage"): 0.95, Key("recall"): 0.9},
    )
    assert list(figures.items()) == [
        (Key("coverage"), Measurement(0.6, reference=0.95)),
        (Key("accuracy"), Measurement(0.98, reference=0.99)),
    ]


def test_a_figure_without_its_reference_is_refused() -> None:
    with pytest.raises(MissingReferenceError, match="`dvc repro judge`. Received: none for coverage, recall"):
        beside_references({Key("recall"): 0.5, Key("coverage"): 0.6, Key("accuracy"): 0.9}, {Key("accuracy"): 0.99})


@pytest.mark.slow
def test_a_class_with_one_real_image_has_no_figures_of_its_own_and_refuses_none_of_the_others() -> None:
    digits = UNSEEN.digits.copy()
    digits[np.flatnonzero(digits == 3)[1:]] = 4
    unseen = replace(UNSEEN, digits=digits)
    training, generated = TrainingImages(TRAINING.images), draw_sample(3)
    unseen, generated = (replace(one, nearest=training.nearest(one.images)) for one in (unseen, generated))
    references = find_references(TRAINING, unseen, seed=0, pairs=40)
    figures = beside_references(measure(generated, unseen, seed=0, pairs=40), references)
    assert {key.text for key in figures if key.digit == "3"} == {"accuracy_by_digit/3"}
    assert Key.parse("ssim_by_digit/4") in figures
    assert Key("recall") in figures
