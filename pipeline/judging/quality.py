"""The quality of generated digits, by the judge: a few measures at reports, all of them in an evaluation."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import Images, without_grey_channel
from pipeline.data.keys import HELD_OUT, REFERENCE, Key
from pipeline.evaluation.accuracy import Confusion, confusion
from pipeline.evaluation.classification_accuracy import CLASSIFICATION_ACCURACY, Reader, classification_accuracy
from pipeline.evaluation.measures import ACCURACY, COVERAGE, FRECHET, measure, measure_quickly
from pipeline.evaluation.memorization import Nearest
from pipeline.evaluation.references import Measurement, beside_references
from pipeline.evaluation.sample import Sample
from pipeline.judging.calibration import Calibration
from pipeline.judging.fit import train_classifier
from pipeline.judging.network import look
from pipeline.rendering.terminal import make_console
from pipeline.rendering.tiles import to_pixels
from pipeline.settings.composed import Settings
from pipeline.training.family import Family, Generated, Parts, ReportQuality, Training, Values
from pipeline.training.loop import Evaluator


@dataclass(frozen=True, eq=False)
class Quality:
    """How good generated digits are.

    Attributes:
        figures: Every measure by key, with its reference.
        count: The number of digits that were measured.
        confusion: The digits read for each digit asked for, int64 `(classes, classes)`; none where none was asked for.
        calibration: The judge.
    """

    figures: dict[Key, Measurement]
    count: int
    confusion: Confusion | None
    calibration: Calibration

    @property
    def of_whole_test_set(self) -> bool:
        """Whether as many digits were measured as the test set has."""
        return self.count == len(self.calibration.splits.test)


def measure_reports(calibration: Calibration, *, selecting: bool) -> Evaluator:
    """Returns the measurement of a training's reports: `heldout/…`, `reference/…` and the score.

    Generated digits are measured against the judge's validation images. Where a best report may be chosen
    (`selecting`), it is the one of the highest coverage, and of equal ones the lowest Fréchet digit distance.
    """
    real = calibration.validation

    def quickly(training: Training) -> ReportQuality:
        generated = training.generate(len(real))
        values = measure_quickly(judged(generated, calibration), real)
        figures = beside_references(_meaningful(values, generated), calibration.report_references)
        return ReportQuality(
            values={key.on(HELD_OUT): figure.value for key, figure in figures.items()},
            references={key.on(REFERENCE): figure.reference for key, figure in figures.items()},
            score=(-values[COVERAGE], values[FRECHET]) if selecting else None,
        )

    return quickly


def report_figures(measured: ReportQuality) -> dict[Key, Measurement]:
    """A report's figures by key, each with its reference."""
    references = measured.references
    return {key: Measurement(value, references[key.on(REFERENCE)]) for key, value in measured.values.items()}


def measure_family(family: Family, parts: Parts, settings: Settings, calibration: Calibration) -> Quality:
    """Measures what a family's parts generate.

    `evaluate.classification_accuracy` asks for the slow measure too.

    Raises:
        ValueError: The family generates nothing.
    """
    if family.generate is None:
        raise ValueError("`family` must have a `generate`. Received: none")
    quality = measure_digits(family.generate(parts, settings, len(calibration.test)), calibration)
    if not settings.evaluate.classification_accuracy:
        return quality
    if quality.confusion is None:
        make_console().print("the classification accuracy is left out: no digit is asked for that could be learnt")
        return quality
    splits = calibration.splits
    many = family.generate(parts, settings, len(splits.train) + len(splits.validation))
    scored = {CLASSIFICATION_ACCURACY: score_classification(many, calibration)}
    return replace(quality, figures=quality.figures | scored)


def measure_digits(generated: Generated, calibration: Calibration) -> Quality:
    """Measures as many generated digits as `calibration.test` has: the references are of their number.

    Every measure is there but the classification accuracy score; where no digit was asked for, none of accuracy.
    """
    sample = judged(generated, calibration, nearest=calibration.training.nearest(generated.images))
    values = _meaningful(measure(sample, calibration.test, seed=calibration.settings.seed), generated)
    counts = None if generated.digits is None else confusion(sample.probabilities, sample.digits)
    return Quality(beside_references(values, calibration.references), len(sample), counts, calibration)


def judged(generated: Generated, calibration: Calibration, *, nearest: Nearest | None = None) -> Sample:
    """Returns generated digits with the judge's view of them.

    Where no digit was asked for, each counts as the one that the judge reads. Without their nearest training images,
    memorisation is left out.
    """
    if generated.digits is not None:
        return calibration.judge.sample(generated.images, generated.digits, nearest=nearest)
    sample = calibration.judge.sample(generated.images, np.zeros(len(generated.images), np.int32), nearest=nearest)
    return replace(sample, digits=sample.probabilities.argmax(axis=1).astype(np.int32))


def score_classification(generated: Generated, calibration: Calibration) -> Measurement:
    """Measures the classification accuracy score: a classifier trained on generated digits alone.

    It has the judge's architecture, seed and length; 60,000 digits are the published number. The score is the share of
    all test images that it reads right, beside the judge's own.

    Raises:
        ValueError: No digit was asked for, so that there is nothing to learn.
    """
    test = calibration.splits.test

    def learn(images: NDArray[np.generic], digits: NDArray[np.integer]) -> Reader:
        labelled = Images(images.astype(np.uint8), digits.astype(np.uint8))
        classifier = train_classifier(labelled, calibration.settings, format=calibration.splits.format)
        return lambda unseen: look(classifier, unseen).probabilities

    score = classification_accuracy(
        without_grey_channel(to_pixels(generated.images)),
        generated.asked,
        unseen=test.images,
        labels=test.labels,
        learn=learn,
    )
    return Measurement(score, calibration.accuracy)


def _meaningful(values: Values, generated: Generated) -> Values:
    """Leaves accuracy out where no digit was asked for: the judge agrees with its own readings."""
    if generated.digits is not None:
        return values
    return {key: value for key, value in values.items() if key.measure != ACCURACY.measure}
