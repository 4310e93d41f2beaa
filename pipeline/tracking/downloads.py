"""A training's metadata, models and samples, found by a run's id or a model's name and copied from the store."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow.artifacts import download_artifacts
from mlflow.entities import LifecycleStage

from pipeline.data.files import write_bytes
from pipeline.settings.paths import METADATA
from pipeline.tracking.address import MODELS
from pipeline.tracking.errors import RefusedError, TrackingError, one_line_errors
from pipeline.tracking.services import KERAS_FILE, SERVICE
from pipeline.tracking.store import Store

REGISTERED = re.compile(r"models:/+(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
SAMPLES = "pictures/samples"


def find_run_id(store: Store, address: str) -> str:
    """Returns the id of the run that an address of `names_run` means: of a registered model the one that it came from.

    Raises:
        TrackingError: The store knows no such run, model, alias or version.
    """
    if not address.startswith(MODELS):
        if not store.knows(address):
            raise TrackingError(f"`run` must be a run of this tracking store. Received: {address} in {store.uri}")
        return address
    found = REGISTERED.fullmatch(address)
    if found is None:
        raise TrackingError(f"`run` must be models:/NAME@ALIAS or models:/NAME/VERSION. Received: {address}")
    try:
        with one_line_errors(store.uri):
            version = (
                store.client.get_model_version_by_alias(found["name"], found["alias"])
                if found["alias"]
                else store.client.get_model_version(found["name"], found["version"])
            )
    except RefusedError as error:
        reason = " ".join(str(error.__cause__).split())
        raise TrackingError(
            f"`run` must be a registered model of this tracking store. Received: {address} ({reason})"
        ) from error
    if not version.run_id:
        raise TrackingError(f"`run` must be a model that a run logged. Received: {address}, which came from no run")
    return str(version.run_id)


def download_training(store: Store, run_id: str, *, metadata: Path, models: Path) -> None:
    """Copies a training's `run.json` to the file `metadata`, and its models to `models/NAME.keras`.

    Raises:
        TrackingError: The store does not answer, or the run is no finished training, which logged both.
    """
    with one_line_errors(store.uri), TemporaryDirectory() as folder:
        run = store.client.get_run(run_id)
        condition = f"source_run_id = '{run_id}'"
        found = store.client.search_logged_models([run.info.experiment_id], condition)
        logged = [model for model in found if model.model_type != SERVICE]
        files = {artifact.path for artifact in store.client.list_artifacts(run_id)}
        if run.info.lifecycle_stage != LifecycleStage.ACTIVE or METADATA not in files or not logged:
            raise TrackingError(f"`run` must be a finished training. Received: {run_id}, which logged no models")
        for model in logged:
            source = f"{model.artifact_location}/{KERAS_FILE}"
            copied = download_artifacts(source, dst_path=f"{folder}/{model.name}", tracking_uri=store.uri)
            write_bytes(Path(copied).read_bytes(), models / f"{model.name}.keras")
        # Last: it marks the copy as whole.
        write_bytes(Path(store.client.download_artifacts(run_id, METADATA, folder)).read_bytes(), metadata)


def download_samples(store: Store, run_id: str, folder: Path) -> Path | None:
    """Copies a run's samples of its last step into a folder, and returns the picture; None where it has none."""
    with one_line_errors(store.uri):
        found = sorted(artifact.path for artifact in store.client.list_artifacts(run_id, SAMPLES))
        return Path(store.client.download_artifacts(run_id, found[-1], str(folder))) if found else None
