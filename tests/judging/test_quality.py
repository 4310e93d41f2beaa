"""What the judge says of digits that a training or a family generates."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.keys import HELD_OUT, REFERENCE, Key
from pipeline.evaluation.classification_accuracy import CLASSIFICATION_ACCURACY
from pipeline.evaluation.measures import ACCURACY, COVERAGE, FRECHET, measure_quickly
from pipeline.evaluation.references import Measurement
from pipeline.judging.calibration import Calibration, load_calibration
from pipeline.judging.quality import (
    Quality,
    measure_digits,
    measure_family,
    measure_reports,
    report_figures,
    score_classification,
)
from pipeline.judging.result import write_calibration
from pipeline.settings.composed import Settings
from pipeline.training.family import Family, Generated, Parts, Report, Training, Values
from tests.composing import settings_of
from tests.judges import draw_kinds, tiny_fitted, tiny_mnist, tiny_settings

pytestmark = pytest.mark.slow

MEDIAN = Key("median", component="memorization")
QUICK = (ACCURACY, FRECHET, COVERAGE)


class Drawing(Training):
    """A training whose digits are those of the tiny judge's data set, or what `spoil` makes of them."""

    images_per_step = images_per_epoch = 1

    def __init__(self, spoil: Callable[[Generated], Generated] = lambda made: made) -> None:
        self._spoil = spoil
        self.asked: list[int] = []

    def generate(self, count: int) -> Generated:
        self.asked.append(count)
        return self._spoil(draw(count))

    def take_steps(self, step: int, count: int) -> list[Values]:
        return [{}] * count

    def report(self, step: int, recent: Values) -> Report:
        return Report(step, {}, None)

    def samples(self) -> NDArray[np.float32]:
        return np.zeros((1, 1, 28, 28), np.float32)

    def variables(self) -> dict[str, keras.Variable]:
        return {}

    def parts(self) -> Parts:
        return {}


def draw(count: int) -> Generated:
    images, labels = draw_kinds(9, count)
    return Generated(images[..., np.newaxis].astype(np.float32) / 127.5 - 1, labels.astype(np.int32))


def shifted(made: Generated) -> Generated:
    return Generated(made.images, (made.asked + 1) % 10)


def alike(made: Generated) -> Generated:
    """One image a class, over and over."""
    return Generated(made.images[made.asked], made.asked)


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    folder = tmp_path_factory.mktemp("judge")
    metadata = {"settings": tiny_settings().model_dump(mode="json"), "limit": None}
    write_calibration(tiny_fitted(), folder, {**metadata, "data": "d1", "code": "c2"})
    return load_calibration(folder, tiny_mnist())


def of_all_test_images(calibration: Calibration) -> Any:
    """Measures against fifteen real digits a class: of six, the fifth neighbour is the farthest, and one covers all."""
    test = calibration.splits.test
    real = calibration.judge.sample(test.images, test.labels)
    return SimpleNamespace(validation=real, judge=calibration.judge, report_references=calibration.report_references)


@pytest.fixture(scope="module")
def quality(calibration: Calibration) -> Quality:
    return measure_digits(draw(len(calibration.test)), calibration)


def test_a_report_is_measured_on_as_many_digits_as_its_real_sample_has(calibration: Calibration) -> None:
    training = Drawing()
    measured = measure_reports(calibration, selecting=True)(training)
    assert training.asked == [len(calibration.validation)] == [60]
    made = draw(60)
    expected = measure_quickly(calibration.judge.sample(made.images, made.asked), calibration.validation)
    assert measured.values == {key.on(HELD_OUT): value for key, value in expected.items()}
    assert measured.references == {key.on(REFERENCE): calibration.report_references[key] for key in QUICK}


def test_the_score_is_the_coverage_of_which_more_is_better_and_then_the_distance(calibration: Calibration) -> None:
    measured = measure_reports(calibration, selecting=True)(Drawing())
    values = measured.values
    assert measured.score == (-values[COVERAGE.on(HELD_OUT)], values[FRECHET.on(HELD_OUT)])
    assert measure_reports(calibration, selecting=False)(Drawing()).score is None


def test_digits_that_show_another_class_than_asked_for_are_no_less_like_real_ones(calibration: Calibration) -> None:
    ask = measure_reports(calibration, selecting=True)
    right, wrong = ask(Drawing()).values, ask(Drawing(shifted)).values
    assert right[ACCURACY.on(HELD_OUT)] > 0.9
    assert wrong[ACCURACY.on(HELD_OUT)] < 0.1
    assert wrong[FRECHET.on(HELD_OUT)] == right[FRECHET.on(HELD_OUT)]


def test_one_image_a_class_is_read_right_but_covers_little_and_scores_worse(calibration: Calibration) -> None:
    ask = measure_reports(of_all_test_images(calibration), selecting=True)
    varied, same = ask(Drawing()), ask(Drawing(alike))
    assert same.values[ACCURACY.on(HELD_OUT)] > 0.9
    assert same.values[COVERAGE.on(HELD_OUT)] < varied.values[COVERAGE.on(HELD_OUT)]
    assert same.score is not None
    assert varied.score is not None
    assert same.score > varied.score


def test_a_reports_figures_have_their_references(calibration: Calibration) -> None:
    measured = measure_reports(calibration, selecting=True)(Drawing())
    figures = report_figures(measured)
    assert tuple(figures) == tuple(key.on(HELD_OUT) for key in QUICK)
    assert figures[COVERAGE.on(HELD_OUT)] == Measurement(
        measured.values[COVERAGE.on(HELD_OUT)], calibration.report_references[COVERAGE]
    )


def test_an_evaluation_has_every_measure_with_its_reference_and_the_confusion(
    calibration: Calibration, quality: Quality
) -> None:
    assert quality.figures.keys() == calibration.references.keys()
    assert quality.figures.keys() >= {*QUICK, MEDIAN, Key("digit_score"), Key("precision")}
    assert quality.confusion is not None
    assert quality.confusion.sum() == quality.count == len(calibration.test) == 100
    assert quality.confusion.trace() / 100 == quality.figures[ACCURACY].value
    assert quality.figures[Key("recall")].reference == calibration.references[Key("recall")]


def test_copies_of_training_images_are_found_out(calibration: Calibration, quality: Quality) -> None:
    images, labels = draw_kinds(1, 100)
    copies = Generated(images[..., np.newaxis].astype(np.float32) / 127.5 - 1, labels.astype(np.int32))
    assert measure_digits(copies, calibration).figures[MEDIAN].value == pytest.approx(0, abs=1e-5)
    assert quality.figures[MEDIAN].value > 1


def test_a_classifier_learns_from_good_digits_and_nothing_from_wrong_ones(
    calibration: Calibration,
) -> None:
    good = score_classification(draw(800), calibration)
    wrong = score_classification(shifted(draw(800)), calibration)
    assert good.reference == wrong.reference == calibration.accuracy
    assert good.value == pytest.approx(good.reference, abs=0.1)
    assert wrong.value < 0.1


def unasked(made: Generated) -> Generated:
    return Generated(made.images, None)


def test_digits_that_were_not_asked_for_count_as_what_the_judge_reads(
    calibration: Calibration, quality: Quality
) -> None:
    made = draw(len(calibration.test))
    read = calibration.judge.sample(made.images, np.zeros(100, np.int32)).probabilities.argmax(axis=1)
    found = measure_digits(unasked(made), calibration)
    asked = measure_digits(Generated(made.images, read.astype(np.int32)), calibration)
    assert found.confusion is None
    assert found.count == 100
    assert found.figures == {key: one for key, one in asked.figures.items() if key.measure != "accuracy"}
    assert asked.figures.keys() - found.figures.keys() >= {ACCURACY, Key("accuracy", digit="mean")}
    assert found.figures[COVERAGE] == quality.figures[COVERAGE]


def test_a_report_of_digits_that_were_not_asked_for_has_no_accuracy(
    calibration: Calibration,
) -> None:
    measured = measure_reports(calibration, selecting=True)(Drawing(unasked))
    assert tuple(report_figures(measured)) == (FRECHET.on(HELD_OUT), COVERAGE.on(HELD_OUT))
    assert measured.score is not None


def test_nothing_can_be_learnt_of_digits_that_were_not_asked_for(
    calibration: Calibration, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []
    slow = settings_of("evaluate.classification_accuracy=true")
    found = measure_family(family(asked, unasked), {}, slow, calibration)
    assert asked == [100]
    assert CLASSIFICATION_ACCURACY not in found.figures
    assert "the classification accuracy is left out" in capsys.readouterr().out
    with pytest.raises(ValueError, match="the digits that were asked for"):
        score_classification(unasked(draw(10)), calibration)


def family(asked: list[int], spoil: Callable[[Generated], Generated] = lambda made: made) -> Family:
    def generate(_parts: Parts, _settings: Settings, count: int) -> Generated:
        asked.append(count)
        return spoil(draw(count))

    return Family(
        build=lambda _settings, _splits: Drawing(),
        evaluate=lambda _parts, _splits, _settings: {},
        pictures=lambda _parts, _splits, _settings: {},
        example=lambda _settings: {},
        headline=(),
        generate=generate,
    )


def test_the_classification_accuracy_score_is_of_as_many_digits_as_training_images(
    calibration: Calibration,
) -> None:
    asked: list[int] = []
    plain = measure_family(family(asked), {}, settings_of(), calibration)
    slow = measure_family(family(asked), {}, settings_of("evaluate.classification_accuracy=true"), calibration)
    assert asked == [100, 100, len(tiny_mnist().train_images)]
    assert CLASSIFICATION_ACCURACY not in plain.figures
    assert slow.figures[CLASSIFICATION_ACCURACY].reference == calibration.accuracy


def test_a_family_that_makes_no_digits_on_demand_is_not_measured(calibration: Calibration) -> None:
    with pytest.raises(ValueError, match="`family` must have a `generate`"):
        measure_family(Family(**{**vars(family([])), "generate": None}), {}, settings_of(), calibration)
