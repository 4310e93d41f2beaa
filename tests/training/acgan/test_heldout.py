"""Tests of the losses on held-out images against a computation by hand."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.batches import draw_pairs
from pipeline.data.dataset import Splits
from pipeline.data.keys import Key
from pipeline.settings.acgan import AcganSettings
from pipeline.training.acgan.heldout import losses_on
from pipeline.training.family import Parts
from tests.training.conftest import Trainings

STREAM = 2


@pytest.fixture(scope="module")
def values(trainings: Trainings, splits: Splits) -> dict[Key, float]:
    training = trainings()
    return losses_on(training.parts(), splits.validation, training.settings, seed=0, stream=STREAM, batch_size=7)


def _outputs(parts: Parts, splits: Splits, settings: AcganSettings) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """Outputs of both networks without dropout, in float64, and digits: 20 real, 20 generated, then 40 more."""
    latent, digits = draw_pairs(0, 0, STREAM, count=60, latent_size=settings.latent_size)
    generated = np.asarray(parts["generator"]({"latent": latent, "digit": digits}, training=False))
    real = (splits.validation.images.astype("float32") / 127.5 - 1)[..., None]
    shown_digits = np.concatenate([splits.validation.labels.astype(int), digits[:20, 0]])
    shown = {"discriminator": (np.concatenate([real, generated[:20]]), shown_digits)}
    result = {}
    for component, (images, asked) in {**shown, "generator": (generated[20:], digits[20:, 0])}.items():
        outputs = parts["discriminator"]({"image": images}, training=False)
        classes = np.asarray(outputs["auxiliary"], np.float64)
        result[component] = np.asarray(outputs["generation"], np.float64)[:, 0], classes[np.arange(len(asked)), asked]
    return result


def _cross_entropy(target: Any, shown: NDArray[Any]) -> float:
    return float(-(target * np.log(shown) + (1 - target) * np.log(1 - shown)).mean())


def test_hard_losses_have_labels_one_and_none_and_no_weights(
    trainings: Trainings, splits: Splits, values: dict[Key, float]
) -> None:
    training = trainings()
    outputs = _outputs(training.parts(), splits, training.settings)
    shown, asked = outputs["discriminator"]
    tricked, answered = outputs["generator"]
    expected = {
        Key.parse("hard/discriminator/generation_loss"): _cross_entropy(np.repeat([1, 0], 20), shown),
        Key.parse("hard/discriminator/auxiliary_loss"): -np.log(asked).mean(),
        Key.parse("hard/generator/generation_loss"): -np.log(tricked).mean(),
        Key.parse("hard/generator/auxiliary_loss"): -np.log(answered).mean(),
    }
    assert {key: values[key] for key in expected} == pytest.approx(expected, rel=1e-5)


def test_matched_losses_have_the_labels_and_weights_of_the_training(
    trainings: Trainings, splits: Splits, values: dict[Key, float]
) -> None:
    training = trainings()
    outputs = _outputs(training.parts(), splits, training.settings)
    shown, asked = outputs["discriminator"]
    tricked, answered = outputs["generator"]
    expected = {
        Key.parse("matched/discriminator/generation_loss"): _cross_entropy(np.repeat([0.95, 0], 20), shown),
        Key.parse("matched/discriminator/auxiliary_loss"): -np.log(asked[:20]).mean() / 2,  # half of the batch is real
        Key.parse("matched/generator/generation_loss"): _cross_entropy(0.95, tricked),
        Key.parse("matched/generator/auxiliary_loss"): -0.4 * np.log(answered).mean(),
    }
    assert {key: values[key] for key in expected} == pytest.approx(expected, rel=1e-5)


def test_each_loss_is_the_sum_of_its_outputs(values: dict[Key, float]) -> None:
    for scheme in ("hard", "matched"):
        for component in ("generator", "discriminator"):
            generation, auxiliary = (
                values[Key.parse(f"{scheme}/{component}/{name}_loss")] for name in ("generation", "auxiliary")
            )
            assert values[Key.parse(f"{scheme}/{component}/loss")] == pytest.approx(generation + auxiliary, rel=1e-6)


def test_the_number_of_images_at_once_changes_nothing(
    trainings: Trainings, splits: Splits, values: dict[Key, float]
) -> None:
    training = trainings()
    at_once = losses_on(training.parts(), splits.validation, training.settings, seed=0, stream=STREAM, batch_size=100)
    assert at_once == pytest.approx(values, rel=1e-5)


@pytest.mark.slow
def test_another_stream_generates_other_images(trainings: Trainings, splits: Splits, values: dict[Key, float]) -> None:
    training = trainings()
    other = losses_on(training.parts(), splits.validation, training.settings, seed=0, stream=9, batch_size=7)
    assert other[Key.parse("hard/generator/loss")] != values[Key.parse("hard/generator/loss")]
