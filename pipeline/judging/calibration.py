"""The judge with its reference values: what every figure is measured by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.composition.weights import WeightsError
from pipeline.data.dataset import Dataset, Images, Splits, split
from pipeline.data.errors import UNREADABLE, DataError
from pipeline.data.keys import Key
from pipeline.data.npz import Arrays, read_npz
from pipeline.evaluation.frechet import FeatureScale
from pipeline.evaluation.memorization import Nearest, TrainingImages
from pipeline.evaluation.sample import Sample
from pipeline.judging.files import JUDGE, REAL, REFERENCES, WEIGHTS
from pipeline.judging.network import Classifier, load_judge, look
from pipeline.settings.judge import JudgeSettings
from pipeline.settings.paths import display

REAL_ARRAYS = (
    "validation_probabilities",
    "validation_features",
    "test_probabilities",
    "test_features",
    "test_nearest_distances",
    "test_nearest_indices",
)


@dataclass(frozen=True, eq=False)
class Judge:
    """A trained judge with the scale of its features.

    Attributes:
        model: The classifier; see `build_judge`.
        scale: The factor of its features.
    """

    model: Classifier
    scale: FeatureScale

    def sample(
        self, images: NDArray[np.generic], digits: NDArray[np.integer[Any]], *, nearest: Nearest | None = None
    ) -> Sample:
        """Returns digits with the judge's view of them: the sample that measures are computed from.

        Images are uint8 or floats in [-1, 1], `(n, size, size)` or `(n, size, size, channels)`; the digits
        asked for or shown are `(n,)` or `(n, 1)`. Without their nearest training images, memorisation is left out.
        """
        view = look(self.model, images)
        return Sample(images, digits.reshape(-1), view.probabilities, self.scale.apply(view.features), nearest)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A trained judge with its reference values, which are what real digits score.

    Generate as many digits as the real sample has that they are measured against: the references are of that size.

    Attributes:
        digest: SHA-256 over the judge's weights and its scale.
        accuracy: The share of all test images that it reads right.
        references: The scores of real digits, by the names of `measure`.
        report_references: The scores of real digits at a report's size, by the names of `measure_quickly`.
        settings: The settings that it was trained and measured by.
        judge: The classifier.
        splits: The data as they were split for the judge.
        real: The judge's view of the real samples, by the names `REAL_ARRAYS`.
    """

    digest: str
    accuracy: float
    references: Mapping[Key, float]
    report_references: Mapping[Key, float]
    settings: JudgeSettings
    judge: Judge
    splits: Splits
    real: Arrays

    @cached_property
    def validation(self) -> Sample:
        """The real digits that a training's reports are measured against, `report_images` of them at most."""
        images = first_images(self.splits.validation, self.settings.report_images)
        probabilities, features = (self.real[f"validation_{name}"] for name in ("probabilities", "features"))
        return Sample(images.images, images.labels, probabilities, features)

    @cached_property
    def test(self) -> Sample:
        """The real digits that an evaluation is measured against, `images` of them at most."""
        images = first_images(self.splits.test, self.settings.images)
        probabilities, features = (self.real[f"test_{name}"] for name in ("probabilities", "features"))
        nearest = Nearest(*(self.real[f"test_nearest_{name}"] for name in ("distances", "indices")))
        return Sample(images.images, images.labels, probabilities, features, nearest)

    @cached_property
    def training(self) -> TrainingImages:
        """The images that the judge was trained on, prepared for finding the nearest of them."""
        return TrainingImages(self.splits.train.images)


def load_calibration(folder: Path, dataset: Dataset) -> Calibration:
    """Reads a judge with its reference values from `models/judge`, or a folder in `runs/judges`.

    `dataset` is what it was trained and measured on.

    Raises:
        DataError: A file is missing or damaged.
    """
    try:
        metadata: dict[str, Any] = json.loads((folder / JUDGE).read_text(encoding="utf-8"))
        texts: dict[str, dict[str, float]] = json.loads((folder / REFERENCES).read_text(encoding="utf-8"))
        references = {use: {Key.parse(text): one for text, one in scores.items()} for use, scores in texts.items()}
        settings = JudgeSettings.model_validate(metadata["settings"])
        return Calibration(
            digest=metadata["digest"],
            accuracy=metadata["accuracy"]["test"],
            references=references["evaluation"],
            report_references=references["report"],
            settings=settings,
            judge=Judge(load_judge(folder / WEIGHTS, settings, format=dataset.format), FeatureScale(metadata["scale"])),
            splits=split(dataset, validation=settings.validation, limit=metadata["limit"]),
            real=dict(zip(REAL_ARRAYS, read_npz(folder / REAL, *REAL_ARRAYS), strict=True)),
        )
    except (*UNREADABLE, AttributeError, TypeError, DataError, WeightsError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{display(folder)} is no whole judge: delete it and train it again ({reason})") from error


def first_images(images: Images, count: int) -> Images:
    """Returns the first images with their labels, `count` of them at most."""
    return Images(images.images[:count], images.labels[:count])


def judge_metadata(calibration: Calibration) -> dict[str, object]:
    """The judge's hash and accuracy, as stored with its figures."""
    return {"digest": calibration.digest, "accuracy": calibration.accuracy}
