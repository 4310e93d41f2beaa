from typing import Any

import keras
import mlflow
import numpy as np
import pytest

from pipeline.tracking.logged_models import ModelExample
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store

INPUTS = {"latent": np.array([[0.1, 0.2], [0.3, -0.4]], np.float32), "digit": np.array([[1], [2]], np.int32)}


def two_outputs() -> Any:
    latent = keras.Input((2,), name="latent")
    digit = keras.Input((1,), dtype="int32", name="digit")
    embedded = keras.layers.Flatten()(keras.layers.Embedding(10, 2)(digit))
    joined = keras.layers.Multiply()([latent, embedded])
    outputs = {
        name: keras.layers.Dense(size, name=name)(joined) for name, size in (("generation", 1), ("auxiliary", 10))
    }
    return keras.Model({"latent": latent, "digit": digit}, outputs, name="discriminator")


def one_output() -> Any:
    latent = keras.Input((2,), name="latent")
    digit = keras.Input((1,), dtype="int32", name="digit")
    embedded = keras.layers.Flatten()(keras.layers.Embedding(10, 2)(digit))
    return keras.Model({"latent": latent, "digit": digit}, keras.layers.Multiply()([latent, embedded]))


def as_dict(outputs: Any) -> dict[str, np.ndarray]:
    return outputs if isinstance(outputs, dict) else {"": outputs}


@pytest.mark.parametrize("build", [two_outputs, one_output])
def test_a_logged_model_loads_back_and_predicts_the_same(
    store: Store, build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build()
    outputs = model.predict(INPUTS, verbose=0)
    example = ModelExample(INPUTS, outputs, ["keras==3.15.1", "tensorflow==2.21.0"])
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        model_id = run.model("discriminator", model, example)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    by_name = mlflow.pyfunc.load_model(f"runs:/{run.run_id}/discriminator")
    by_id = mlflow.keras.load_model(f"models:/{model_id}")
    for found in (by_name.predict(INPUTS), by_name.predict(by_name.input_example), by_id.predict(INPUTS, verbose=0)):
        for name, expected in as_dict(outputs).items():
            np.testing.assert_array_equal(as_dict(found)[name], expected)
    assert by_name.metadata.get_input_schema().input_names() == ["latent", "digit"]
    assert by_name.metadata.get_output_schema() is not None


def test_a_model_logged_again_replaces_the_first(store: Store) -> None:
    model = one_output()
    example = ModelExample(INPUTS, model.predict(INPUTS, verbose=0), ["keras"])
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        run.model("generator", model, example)
        second = run.model("generator", model, example)
    found = store.client.search_logged_models([store.experiment_id])
    assert [logged.model_id for logged in found] == [second]
    assert found[0].status == "READY"
