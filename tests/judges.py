"""Ten kinds of images that a tiny judge tells apart within seconds."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import Dataset, split
from pipeline.judging.fit import train_classifier
from pipeline.judging.result import FittedJudge, calibrate
from pipeline.settings.judge import JudgeSettings
from tests.composing import settings_of

TRAINED, HELD_OUT, TESTED = 400, 120, 150


def tiny_settings(**changes: Any) -> JudgeSettings:
    tiny = {"validation": HELD_OUT, "images": 100, "report_images": 60, "filters": (4, 8, 8), "features": 16}
    quick = {"epochs": 5, "batch_size": 25, "learning_rate": 0.01, "dropout": 0.0, "shift": 1}
    return settings_of().judge.model_copy(update={**tiny, **quick, **changes})


def draw_kinds(seed: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Noise with a bright square, whose place is the label."""
    draw = np.random.default_rng(seed)
    images = draw.integers(0, 120, (count, 28, 28), np.uint8)
    labels = (np.arange(count) % 10).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 4)
        image[3 + 8 * row : 8 + 8 * row, 2 + 6 * column : 7 + 6 * column] = 255
    return images, labels


@cache
def tiny_mnist() -> Dataset:
    return Dataset(*draw_kinds(1, TRAINED + HELD_OUT), *draw_kinds(2, TESTED))


@cache
def tiny_fitted(**changes: Any) -> FittedJudge:
    settings = tiny_settings(**changes)
    splits = split(tiny_mnist(), validation=settings.validation, limit=None)
    return calibrate(train_classifier(splits.train, settings, format=splits.format), splits, settings)
