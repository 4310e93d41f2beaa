"""The result of training the judge: the judge, its view of the real digits and their scores; and its files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.dataset import Images, Splits
from pipeline.data.digests import file_digest
from pipeline.data.files import write_json
from pipeline.data.keys import Key
from pipeline.data.metrics import nest, rounded
from pipeline.data.npz import write_npz
from pipeline.evaluation.accuracy import Confusion, accuracy, confusion
from pipeline.evaluation.frechet import FeatureScale
from pipeline.evaluation.memorization import TrainingImages
from pipeline.evaluation.references import find_quick_references, find_references
from pipeline.evaluation.sample import Sample
from pipeline.judging.calibration import REAL_ARRAYS, Judge, first_images
from pipeline.judging.files import JUDGE, METRICS, REAL, REFERENCES, WEIGHTS
from pipeline.judging.network import Classifier, look, save_judge
from pipeline.settings.judge import JudgeSettings


@dataclass(frozen=True, eq=False)
class FittedJudge:
    """A judge with its accuracy and the references of all that it measures.

    Attributes:
        judge: The classifier.
        validation: Its view of all validation images.
        test: Its view of all test images.
        real: Its view of the real digits that generated ones are measured against, and their nearest training images,
            by the names `REAL_ARRAYS`.
        references: The scores of real digits, of an `evaluation` and of a `report`.
    """

    judge: Judge
    validation: Sample
    test: Sample
    real: Mapping[str, np.ndarray]
    references: Mapping[str, Mapping[Key, float]]

    @property
    def accuracy(self) -> dict[str, float]:
        """The share that it reads right of the `validation` and the `test` images."""
        return {"validation": accuracy(_confusion(self.validation)), "test": accuracy(self.confusion)}

    @property
    def confusion(self) -> Confusion:
        """How often it reads each digit as each, on the test images."""
        return _confusion(self.test)


def calibrate(model: Classifier, splits: Splits, settings: JudgeSettings) -> FittedJudge:
    """Finds the scale and the references of a classifier that was trained on the training split.

    See `train_classifier` and `write_calibration`.
    """
    known = first_images(splits.train, max(settings.images, settings.report_images))
    view = look(model, known.images)
    judge = Judge(model, FeatureScale.fit(view.features))
    training = Sample(*_labelled(known), view.probabilities, judge.scale.apply(view.features))
    validation, test = judge.sample(*_labelled(splits.validation)), judge.sample(*_labelled(splits.test))
    reported, measured = validation.part(settings.report_images), test.part(settings.images)
    nearest = TrainingImages(splits.train.images).nearest(measured.images)
    measured = replace(measured, nearest=nearest)
    views = (reported.probabilities, reported.features, measured.probabilities, measured.features)
    return FittedJudge(
        judge=judge,
        validation=validation,
        test=test,
        real=dict(zip(REAL_ARRAYS, (*views, nearest.distances, nearest.indices), strict=True)),
        references={
            "evaluation": find_references(training.part(len(measured)), measured, seed=settings.seed),
            "report": find_quick_references(training, reported),
        },
    )


def write_calibration(fitted: FittedJudge, folder: Path, metadata: Mapping[str, Any]) -> str:
    """Writes a fitted judge for `load_calibration`; the same one makes the same bytes.

    `judge.json` is removed first and written last: a folder with it is whole. It also has `metadata`.

    Returns:
        The digest: SHA-256 over the judge's weights and its scale.
    """
    (folder / JUDGE).unlink(missing_ok=True)
    save_judge(fitted.judge.model, folder / WEIGHTS)
    write_npz({name: fitted.real[name] for name in REAL_ARRAYS}, folder / REAL)
    scale = fitted.judge.scale.factor
    identity = f"{file_digest(folder / WEIGHTS)} {scale!r}"
    digest = hashlib.sha256(identity.encode()).hexdigest()
    references = {use: {key.text: value for key, value in found.items()} for use, found in fitted.references.items()}
    write_json(rounded(references), folder / REFERENCES)
    shares = {Key(split, component="accuracy"): share for split, share in fitted.accuracy.items()}
    write_json(rounded(nest(shares)), folder / METRICS)
    write_json({"digest": digest, "scale": scale, "accuracy": rounded(fitted.accuracy), **metadata}, folder / JUDGE)
    return digest


def _labelled(images: Images) -> tuple[np.ndarray, np.ndarray]:
    return images.images, images.labels


def _confusion(sample: Sample) -> Confusion:
    return confusion(sample.probabilities, sample.digits)
