"""The files of a training that is named by its run in MLflow: those of this project, else a copy from the store."""

from collections.abc import Iterator

from pipeline.data.files import locked
from pipeline.runs.folder import NotTrainedError, RunFiles, RunFolder, dvc_files
from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.tracking.address import names_run


def find_stored_files(address: str, settings: Settings) -> RunFiles | None:
    """Finds a training by its run's id or by a registered model, `models:/NAME@ALIAS`; None where it is neither.

    A training whose files are not in this project is copied once to `runs/FAMILY/RUN_ID`: its metadata and the models
    after the last step, which are enough to evaluate it and to draw its digits.

    Raises:
        TrackingError: The store does not answer or knows no such training.
    """
    if not names_run(address):
        return None
    # MLflow takes seconds to import; a folder's name needs none of it.
    from pipeline.tracking.downloads import download_training, find_run_id
    from pipeline.tracking.store import connect

    store = connect(family=settings.family, experiment=settings.tracking.experiment)
    run_id = find_run_id(store, address)
    for files in _own_files(settings.family):
        if _run_id(files) == run_id:
            return files
    folder = RunFolder(paths.STORE_ROOT / "runs" / settings.family / run_id)
    with locked(folder.path):
        if not folder.metadata_file.exists():
            download_training(store, run_id, metadata=folder.metadata_file, models=folder.weights("last"))
    return folder


def _own_files(family: str) -> Iterator[RunFiles]:
    tracked = dvc_files(family)
    yield RunFiles(tracked.models, paths.ROOT / "runs" / family / "tracked")
    for folder in sorted((paths.STORE_ROOT / "runs" / family).glob("*-*")):
        yield RunFolder(folder)


def _run_id(files: RunFiles) -> str | None:
    """The run of a finished training; None of a folder without one."""
    try:
        metadata = files.metadata()
    except NotTrainedError:
        return None
    return str(metadata["run_id"]) if "steps" in metadata else None
