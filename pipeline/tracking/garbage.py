"""Deleted runs: MLflow keeps them, to be restored, with their artifacts and models until they are freed."""

import os
import subprocess
import sys
from dataclasses import dataclass

from mlflow.entities import LoggedModel, ViewType

from pipeline.tracking.address import is_server
from pipeline.tracking.errors import TrackingError, one_line_errors
from pipeline.tracking.pages import read_pages
from pipeline.tracking.store import Store

# `mlflow gc` takes the address as an argument, which the list of processes would show with its password.
_ADDRESS = "GC_STORE_URI"
_GC = f"""
import os
from mlflow.cli import cli
uri = os.environ[{_ADDRESS!r}]
cli(["gc", "--backend-store-uri", uri, "--tracking-uri", uri])
"""
_RUN_GONE, _MODEL_GONE = "Run with ID", "Logged model with ID"


@dataclass(frozen=True)
class Freed:
    """How many deleted runs and models were freed."""

    runs: int
    models: int


def free_deleted(store: Store) -> Freed:
    """Frees all that was deleted in a store, not in `store.experiment` alone; nothing of it can be restored.

    `mlflow gc` frees deleted runs and deleted models, but not the models of deleted runs. So these are deleted first,
    also those of runs that `mlflow gc` freed before. Models that versions of a registered model serve stay.

    Raises:
        TrackingError: The store is a server, which frees nothing from afar, or does not answer.
    """
    if is_server(store.uri):
        raise TrackingError(
            "`MLFLOW_TRACKING_URI` must be a database: call this where the server runs, with the server's own. "
            f"Received: {store.uri}"
        )
    with one_line_errors(store.uri):
        versions = read_pages(lambda token: store.client.search_model_versions(page_token=token))
        served = {version.source for version in versions}
        for model in _models(store):
            serves = not served.isdisjoint({model.artifact_location, f"models:/{model.model_id}"})
            if not serves and model.source_run_id and not store.knows(model.source_run_id):
                store.client.delete_logged_model(model.model_id)
    environment = os.environ | {_ADDRESS: store.uri}
    freed = subprocess.run([sys.executable, "-c", _GC], env=environment, capture_output=True, text=True, check=False)
    if freed.returncode:
        raise TrackingError(f"`mlflow gc` failed on {store.uri}: {' '.join(freed.stderr.split())[-300:]}")
    lines = freed.stdout.splitlines()
    return Freed(*(sum(line.startswith(start) for line in lines) for start in (_RUN_GONE, _MODEL_GONE)))


def _models(store: Store) -> list[LoggedModel]:
    """Lists the models of all experiments, before any of them is deleted."""
    client = store.client
    experiments = read_pages(lambda token: client.search_experiments(ViewType.ALL, page_token=token))
    places = [experiment.experiment_id for experiment in experiments]
    return list(read_pages(lambda token: client.search_logged_models(places, page_token=token)))
