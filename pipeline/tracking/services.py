"""A part of a training as a service: a logged model that runs its own code over the part's Keras file."""

from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow.pyfunc
from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModel, LoggedModelStatus
from mlflow.models import Model

from pipeline.tracking.store import Store

SERVICE = "service"  # the type of these logged models, which a training's own do not have
_REQUIREMENTS = ("keras", "tensorflow", "numpy", "pillow", "pydantic")
KERAS_FILE = "data/model.keras"  # of a logged Keras model


def log_service(store: Store, part: LoggedModel, name: str, *, code: Path) -> LoggedModel:
    """Logs a service on the run of a logged Keras model, or takes up one that was begun; nothing of it is pickled.

    Args:
        store: The store of the run.
        part: The Keras model.
        name: The name of the service.
        code: The file that MLflow copies and runs; it finds the Keras file as the artifact `model`.
    """
    client = store.client
    logged = _find_begun(store, part, name) or client.create_logged_model(
        store.experiment_id, name=name, source_run_id=part.source_run_id, model_type=SERVICE
    )
    if logged.status == LoggedModelStatus.READY:
        return logged
    with TemporaryDirectory() as folder:
        source = f"{part.artifact_location}/{KERAS_FILE}"
        keras_file = download_artifacts(source, dst_path=f"{folder}/part", tracking_uri=store.uri)
        mlflow.pyfunc.save_model(
            f"{folder}/service",
            python_model=str(code),
            artifacts={"model": Path(keras_file).as_uri()},
            mlflow_model=Model(run_id=part.source_run_id, model_uuid=logged.model_id, model_id=logged.model_id),
            pip_requirements=[f"{package}=={version(package)}" for package in _REQUIREMENTS],
        )
        client.log_model_artifacts(logged.model_id, f"{folder}/service")
    return client.finalize_logged_model(logged.model_id, "READY")


def _find_begun(store: Store, part: LoggedModel, name: str) -> LoggedModel | None:
    """Finds the service of the same run and name, a whole one before one that was not finished."""
    condition = f"source_run_id = '{part.source_run_id}' AND name = '{name}'"
    found = store.client.search_logged_models([store.experiment_id], condition)
    services = [model for model in found if model.model_type == SERVICE]
    return min(services, key=lambda model: model.status != LoggedModelStatus.READY, default=None)
