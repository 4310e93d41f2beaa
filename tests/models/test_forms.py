"""Networks for other classes, sizes and colours, which the fast kernels compute as Keras' own layers do."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.data.batches import draw_pairs
from pipeline.judging.network import build_judge, look
from pipeline.kernels.accelerate import accelerate
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.images import ImageFormat
from tests.judges import tiny_settings
from tests.training.tiny import small_settings

BLOCK = small_settings(discriminator={"dropout": 0.0}).model
FORMS = [
    ImageFormat.model_validate({"size": size, "channels": channels, "names": tuple(map(str, range(classes)))})
    for size, channels, classes in ((32, 3, 3), (32, 1, 100), (28, 3, 2), (28, 1, 12))
]
named = pytest.mark.parametrize("format", FORMS, ids=lambda format: format.describe())


def gradients(model: keras.Model, inputs: Any) -> tuple[Any, list[Any]]:
    with tf.GradientTape() as tape:
        outputs = model(inputs, training=True)
        loss = sum(tf.reduce_sum(output**2) for output in tf.nest.flatten(outputs))
    values = [variable.value for variable in model.trainable_variables]
    return outputs, [tf.convert_to_tensor(one).numpy() for one in tape.gradient(loss, values)]


def assert_alike(model: keras.Model, inputs: Any) -> None:
    plain, fast = gradients(model, inputs), gradients(accelerate(model), inputs)
    for ours, theirs in zip(tf.nest.flatten(fast), tf.nest.flatten(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * max(1.0, float(np.abs(theirs).max())))


@named
def test_a_generator_draws_the_form_of_the_data(format: ImageFormat) -> None:
    model = build_generator(BLOCK.generator, latent_size=BLOCK.latent_size, seed=1, format=format)
    assert model.output.shape == (None, *format.shape)
    latent, digit = draw_pairs(0, 0, 1, count=40, latent_size=BLOCK.latent_size, classes=format.classes)
    assert 0 <= digit.min() <= digit.max() < format.classes
    assert_alike(model, {"latent": latent, "digit": digit})


@named
def test_a_discriminator_reads_the_form_of_the_data(format: ImageFormat) -> None:
    model = build_discriminator(BLOCK.discriminator, seed=1, format=format)
    assert model.output["auxiliary"].shape == (None, format.classes)
    assert_alike(model, {"image": np.random.default_rng(0).uniform(-1, 1, (5, *format.shape)).astype(np.float32)})


@named
def test_a_judge_reads_the_form_of_the_data(format: ImageFormat) -> None:
    judge = build_judge(tiny_settings(), format=format)
    images = np.random.default_rng(0).integers(0, 256, (5, *format.shape), np.uint8)
    view = look(judge, images[..., 0] if format.channels == 1 else images)
    assert view.probabilities.shape == (5, format.classes)
    with pytest.raises(ValueError, match="`images` must be uint8 or floats"):
        look(judge, images[:, 1:])
