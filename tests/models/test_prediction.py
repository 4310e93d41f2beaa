"""Tests of the outputs for more inputs than a model computes at once."""

from typing import Any

import keras
import numpy as np
import pytest

from pipeline.models.prediction import predict


@pytest.fixture(scope="module")
def model() -> keras.Model:
    image, factor = keras.Input((3, 2), name="image"), keras.Input((1,), dtype="int32", name="factor")
    total = keras.layers.Dense(4, name="dense")(keras.layers.Flatten(name="flatten")(image))
    scaled = keras.layers.Lambda(lambda pair: pair[0] * keras.ops.cast(pair[1], "float32"))([total, factor])
    dropped = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(total))
    return keras.Model({"image": image, "factor": factor}, {"scaled": scaled, "dropped": dropped})


def _inputs(count: int) -> dict[str, np.ndarray[Any, Any]]:
    draw = np.random.default_rng(0)
    return {
        "image": draw.normal(size=(count, 3, 2)).astype(np.float32),
        "factor": np.arange(count, dtype=np.int32)[:, np.newaxis],
    }


@pytest.mark.parametrize("count", [1, 4, 8, 11])
def test_outputs_are_those_of_keras_in_the_order_of_the_inputs(model: keras.Model, count: int) -> None:
    inputs = _inputs(count)
    computed, expected = predict(model, inputs, batch_size=4), model.predict(inputs, batch_size=4, verbose=0)
    assert computed.keys() == {"scaled", "dropped"}
    for name, array in expected.items():
        np.testing.assert_allclose(computed[name], array, rtol=1e-6)


def test_a_model_of_one_input_and_one_output_takes_and_returns_an_array(model: keras.Model) -> None:
    scorer = keras.Model(model.get_layer("flatten").output, model.get_layer("dense").output)
    assert predict(scorer, np.zeros((5, 6), np.float32), batch_size=2).shape == (5, 4)
