"""What a calibration finds: a trained judge, its view of the real digits, and what those score; and its files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.digests import file_digest
from pipeline.data.mnist import Images, Splits
from pipeline.data.npz import write_npz
from pipeline.evaluation.accuracy import Confusion, accuracy, confusion
from pipeline.evaluation.floors import find_floors, find_quick_floors
from pipeline.evaluation.frechet import FeatureScale
from pipeline.evaluation.memorization import TrainingImages
from pipeline.evaluation.sample import Sample
from pipeline.models.judge import look, save_judge
from pipeline.session.judges import JUDGE
from pipeline.session.judging import FLOORS, REAL, REAL_ARRAYS, WEIGHTS, Judge
from pipeline.session.metrics import write_json
from pipeline.settings.calibrate import CalibrateSettings
from pipeline.training.judge import Listen, train_judge


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A judge with its accuracy and the floors of all that it measures.

    Attributes:
        judge: The classifier.
        validation: Its view of all validation images.
        test: Its view of all test images.
        real: Its view of the real digits that generated ones are measured against, and their nearest training images,
            by the names `REAL_ARRAYS`.
        floors: What real digits score, of an `evaluation` and of a `report`.
    """

    judge: Judge
    validation: Sample
    test: Sample
    real: Mapping[str, np.ndarray]
    floors: Mapping[str, Mapping[str, float]]

    @property
    def accuracy(self) -> dict[str, float]:
        """Share that it reads right of the `validation` and the `test` images."""
        return {"validation": accuracy(_confusion(self.validation)), "test": accuracy(self.confusion)}

    @property
    def confusion(self) -> Confusion:
        """How often it reads each digit for each, on the test images."""
        return _confusion(self.test)


def calibrate_judge(splits: Splits, settings: CalibrateSettings, *, listen: Listen | None = None) -> Calibrated:
    """Trains a judge on the training split alone and finds the floors.

    Args:
        splits: MNIST, split for the judge.
        settings: Its training and the sizes of the samples.
        listen: Hears of each step; see `train_judge`.

    Returns:
        What `write_calibration` writes.
    """
    model = train_judge(splits.train, settings, listen=listen)
    view = look(model, splits.train.images)
    judge = Judge(model, FeatureScale.fit(view.features))
    training = Sample(*_labelled(splits.train), view.probabilities, judge.scale.apply(view.features))
    validation, test = judge.sample(*_labelled(splits.validation)), judge.sample(*_labelled(splits.test))
    reported, measured = _first(validation, settings.report_images), _first(test, settings.images)
    measured = replace(measured, nearest=TrainingImages(splits.train.images).nearest(measured.images))
    return Calibrated(
        judge=judge,
        validation=validation,
        test=test,
        real=_by_name(reported, measured),
        floors={
            "evaluation": find_floors(_first(training, len(measured)), measured, seed=settings.seed),
            "report": find_quick_floors(_first(training, len(reported)), reported),
        },
    )


def write_calibration(calibrated: Calibrated, folder: Path, facts: Mapping[str, Any]) -> str:
    """Writes a calibration, for `load_calibration` to read; the same one makes the same bytes.

    `judge.json` comes last: where it stands, the calibration is whole.

    Args:
        calibrated: The judge and the floors.
        folder: Made where missing.
        facts: What else is to stand in `judge.json`.

    Returns:
        The digest: SHA-256 over the judge's weights and its scale.
    """
    (folder / JUDGE).unlink(missing_ok=True)
    save_judge(calibrated.judge.model, folder / WEIGHTS)
    write_npz({name: calibrated.real[name] for name in REAL_ARRAYS}, folder / REAL)
    scale = calibrated.judge.scale.factor
    identity = f"{file_digest(folder / WEIGHTS)} {scale!r}"
    digest = hashlib.sha256(identity.encode()).hexdigest()
    write_json(calibrated.floors, folder / FLOORS)
    write_json({"digest": digest, "scale": scale, "accuracy": calibrated.accuracy, **facts}, folder / JUDGE)
    return digest


def _labelled(images: Images) -> tuple[np.ndarray, np.ndarray]:
    return images.images, images.labels


def _first(sample: Sample, count: int) -> Sample:
    part = slice(count)
    return Sample(sample.images[part], sample.digits[part], sample.probabilities[part], sample.features[part])


def _by_name(validation: Sample, test: Sample) -> dict[str, np.ndarray]:
    if test.nearest is None:
        raise ValueError("`test` must have its nearest training images. Received: none")
    arrays = (
        validation.probabilities,
        validation.features,
        test.probabilities,
        test.features,
        test.nearest.distances,
        test.nearest.indices,
    )
    return dict(zip(REAL_ARRAYS, arrays, strict=True))


def _confusion(sample: Sample) -> Confusion:
    return confusion(sample.probabilities, sample.digits)
