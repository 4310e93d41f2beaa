from collections.abc import Callable
from typing import Any

import pytest

from pipeline.data.dataset import Splits
from pipeline.settings.composed import Settings
from pipeline.training.acgan.training import AcganTraining
from pipeline.training.family import Training, build_training, find_family
from tests.training.tiny import arrays, small_settings, small_splits

Begin = Callable[..., Any]
Trainings = Callable[..., AcganTraining]


@pytest.fixture(scope="session")
def splits() -> Splits:
    return small_splits(small_settings())


@pytest.fixture(scope="session")
def begin() -> Begin:
    """Trainings of settings on noise, at their beginning; those of equal settings are one object, compiled once."""
    kept: dict[str, tuple[Training, dict[str, Any]]] = {}

    def begin(settings: Settings[Any], **compute: Any) -> Training:
        settings = settings.model_copy(update={"compute": settings.compute.model_copy(update=compute)})
        key = f"{settings.digest()} {settings.compute}"
        if key not in kept:
            training = build_training(find_family(settings.family), settings, small_splits(settings))
            kept[key] = training, arrays(training.variables())
        training, beginning = kept[key]
        for name, variable in training.variables().items():
            variable.assign(beginning[name])
        return training

    return begin


@pytest.fixture(scope="session")
def trainings(begin: Begin) -> Trainings:
    """Small trainings of the AC-GAN, likewise."""
    return lambda seed=0, **acgan: begin(small_settings(seed, **acgan))
