from collections.abc import Callable
from typing import Any

import pytest

from pipeline.data.dataset import Splits
from pipeline.training.acgan.training import AcganTraining
from tests.training.tiny import arrays, small_settings, small_splits, small_training

Trainings = Callable[..., AcganTraining]


@pytest.fixture(scope="session")
def splits() -> Splits:
    return small_splits(small_settings())


@pytest.fixture(scope="session")
def trainings() -> Trainings:
    """Small trainings at their beginning; those of equal settings are one object, compiled once."""
    kept: dict[str, tuple[AcganTraining, dict[str, Any]]] = {}

    def begin(seed: int = 0, **acgan: Any) -> AcganTraining:
        key = small_settings(seed, **acgan).digest()
        if key not in kept:
            training = small_training(seed, **acgan)
            kept[key] = training, arrays(training.variables())
        training, beginning = kept[key]
        for name, variable in training.variables().items():
            variable.assign(beginning[name])
        return training

    return begin
