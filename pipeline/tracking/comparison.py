"""Jobs of sweeps and single trainings, read back from the tracking store to be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlflow.entities import Run as MlflowRun

from pipeline.tracking.errors import TrackingError, one_line_errors
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import SweepChild, as_children, runs_below

# The tags and parameters without which measures of two runs do not compare.
ALIKE = {
    "judge.digest": "be judged by one judge",
    "data.digest": "be trained on the same data",
    "data.limit": "be trained on as many images",
    "data.validation": "hold out as many images",
}


@dataclass(frozen=True)
class StoredJobs:
    """Jobs that compare: of one family, one judge and the same data.

    Attributes:
        family: Their family.
        sources: The names of the runs that were asked for, by id.
        labels: The marks of runs that are no real results.
        jobs: The jobs, in the order of the runs asked for and of their commands; one at least has finished.
    """

    family: str
    sources: dict[str, str]
    labels: Sequence[str]
    jobs: Sequence[SweepChild]


def find_jobs(store: Store, run_ids: Sequence[str]) -> StoredJobs:
    """Finds the jobs of sweeps, and trainings, by the ids of their runs, in any experiments of the store.

    Raises:
        TrackingError: The store does not answer or does not know a run; or the runs do not compare.
    """
    with one_line_errors(store.uri):
        named = [_find(store, run_id) for run_id in dict.fromkeys(run_ids)]
        found = {job.info.run_id: job for run in named for job in _jobs(store, run)}
    runs = list(found.values())
    _require_comparable(named, [run for run in runs if run.info.status == "FINISHED"])
    return StoredJobs(
        family=named[0].data.tags["family"],
        sources={run.info.run_id: run.info.run_name for run in named},
        labels=sorted({run.data.tags["label"] for run in runs if "label" in run.data.tags}),
        jobs=as_children(runs),
    )


def _find(store: Store, run_id: str) -> MlflowRun:
    if not store.knows(run_id):
        raise TrackingError(f"`runs` must be runs of this tracking store. Received: {run_id} in {store.uri}")
    run = store.client.get_run(run_id)
    kind = run.data.tags.get("kind", "of another project")
    if kind not in ("sweep", "training"):
        raise TrackingError(f"`runs` must be sweeps or trainings. Received: {run_id}, which is {kind}")
    return run


def _jobs(store: Store, run: MlflowRun) -> list[MlflowRun]:
    if run.data.tags["kind"] == "training":
        return [run]
    return runs_below(replace(store, experiment_id=run.info.experiment_id), run.info.run_id)


def _require_comparable(named: Sequence[MlflowRun], finished: Sequence[MlflowRun]) -> None:
    families = sorted({run.data.tags["family"] for run in named})
    if len(families) > 1:
        raise TrackingError(f"`runs` must be of one family of models. Received: {', '.join(families)}")
    if not finished:
        names = ", ".join(run.info.run_name for run in named)
        raise TrackingError(f"`runs` must have a finished training: wait for one. Received: {names}")
    for name, wanted in ALIKE.items():
        values = {_value(run, name): run.info.run_name for run in finished}
        if len(values) > 1:
            received = " and ".join(f"{value[:12]} ({run})" for value, run in list(values.items())[:2])
            raise TrackingError(f"`runs` must {wanted}. Received: {name} {received}")
    addresses = {frozenset(run.data.params): run.info.run_name for run in finished}
    if len(addresses) > 1:
        (some, one), (others, other) = list(addresses.items())[:2]
        raise TrackingError(
            f"`runs` must be of versions of this project with the same settings. Received: {one} and {other}, "
            f"of which one lacks {min(some ^ others)}"
        )


def _value(run: MlflowRun, name: str) -> str:
    return str(run.data.tags.get(name) or run.data.params.get(name, "none"))
