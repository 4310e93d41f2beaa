"""What MLflow hands to a service when it loads it."""

import pytest
from mlflow.pyfunc.model import PythonModelContext


@pytest.fixture(scope="module")
def context(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PythonModelContext:
    """The context of a service whose Keras model is the `MODEL` of the module of tests."""
    file = tmp_path_factory.mktemp("registered") / "model.keras"
    request.module.MODEL.save(file)
    return PythonModelContext({"model": str(file)}, None)
