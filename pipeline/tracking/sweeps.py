"""The parent run of a sweep: found by a hash of its jobs, closed with the tables of its jobs and settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlflow.entities import Run as MlflowRun
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE
from mlflow.utils.validation import MAX_TAG_VAL_LENGTH

from pipeline.data.files import LockedError
from pipeline.data.keys import Key
from pipeline.data.rows import Row
from pipeline.evaluation.seeds import SeededRun
from pipeline.tracking.errors import one_line_errors
from pipeline.tracking.lease import is_silent
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.pages import runs_where
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store
from pipeline.tracking.tags import OWN_DATA, SWEEP_JOB, SWEEP_NUMBER, TRIAL

PRUNED = "pruned"  # the tag of a trial that its search ended
_SWEEP = "sweep.digest"
_SEED = "seed"
# Tags of what decides a job beside its settings. A job without a start trains from scratch; one without another has not
# come so far.
_START, _FROM_SCRATCH = "start.digest", "none"
_DECIDING = ("judge.digest", "code.digest", _START)
_REMARK, _ADDRESS = 60, 160


@dataclass(frozen=True)
class SweepChild:
    """One job of a sweep.

    Attributes:
        run_id: Its run.
        experiment_id: The experiment that the run is in.
        name: The run's name.
        status: RUNNING, FINISHED, FAILED or KILLED.
        seed: Its seed.
        varied: The parameters in which the jobs differ, by address, and hashes of judge, code and start where these do.
        measures: Its latest metrics on `heldout` and `reference`, and those of an evaluation (`trained/…`).
        trial: Its number as a trial of a search; None in a sweep.
        pruned: Whether a search ended it before its last step.
        own_data: Whether its data are others than MNIST.
    """

    run_id: str
    experiment_id: str
    name: str
    status: str
    seed: str
    varied: Mapping[str, str]
    measures: Mapping[Key, float]
    trial: int | None = None
    pruned: bool = False
    own_data: bool = False

    @property
    def row(self) -> dict[str, object]:
        """The job as a row of the sweep's table."""
        measures = {key.text: value for key, value in self.measures.items()}
        return {"run": self.name, "status": self.status, **self.varied, **measures}

    @property
    def has_finished(self) -> bool:
        """Whether it took all its steps."""
        return self.status == "FINISHED" and not self.pruned

    @property
    def seeded(self) -> SeededRun:
        """The job as one seed of its setting; without measures unless it finished all its steps."""
        settings = {address: value for address, value in self.varied.items() if address != _SEED}
        return SeededRun(settings, self.seed, self.measures if self.has_finished else {})


@dataclass(frozen=True)
class SweepResult:
    """The result of a sweep, as its parent run keeps it.

    Attributes:
        runs: The rows of `sweep.csv`, one a job.
        settings: The rows of `settings.csv`, one a setting.
        texts: Tables in Markdown and remarks, to add to the description.
        pictures: The pictures to keep and to show, each with its caption.
    """

    runs: Sequence[Row]
    settings: Sequence[Row] = ()
    texts: Sequence[str] = ()
    pictures: Sequence[tuple[Path, str]] = ()


def open_sweep(store: Store, digest: str, description: RunDescription, *, new: bool = False) -> str:
    """Opens a sweep's parent run, or the latest of a sweep with the same jobs unless it is to be `new`; returns its id.

    `digest` is the hash of all jobs. The run stays open until `close_sweep`; its command holds a `Lease` of it.

    Raises:
        LockedError: Another command runs the same sweep, on another machine or in another copy of the project.
        TrackingError: The store does not answer.
    """
    close_abandoned(store)
    found = None if new else _latest(store, digest)
    if found and found.info.status == "RUNNING" and is_silent(found.data.tags) is False:
        raise LockedError(
            f"another command runs the same sweep or search under the run {found.info.run_id}: wait for its end, or "
            "for ten minutes where it was killed on another machine"
        )
    tags = {**description.tags, "kind": "sweep", _SWEEP: digest}
    resume = found.info.run_id if found else None
    return Run(store, replace(description, tags=tags), resume=resume, system_metrics=False).run_id


def _latest(store: Store, digest: str) -> MlflowRun | None:
    with one_line_errors(store.uri):
        runs = list(runs_where(store, f"tags.kind = 'sweep' and tags.`{_SWEEP}` = '{digest}'"))
        return runs[-1] if runs else None


def finished_jobs(store: Store, run_id: str) -> dict[str, str]:
    """Returns the names of a sweep's finished jobs by the hash of what decides each."""
    with one_line_errors(store.uri):
        runs = runs_where(store, f"{_below(run_id)} and attributes.status = 'FINISHED'")
        return {run.data.tags[SWEEP_JOB]: run.info.run_name for run in runs if SWEEP_JOB in run.data.tags}


def children(store: Store, run_id: str) -> list[SweepChild]:
    """Returns a sweep's jobs; see `runs_below`."""
    return as_children(runs_below(store, run_id))


def runs_below(store: Store, run_id: str) -> list[MlflowRun]:
    """Returns the runs of a sweep's jobs in their order in its command; of attempts at the same job the newest."""
    with one_line_errors(store.uri):
        runs = list(runs_where(store, _below(run_id)))
    # A trial that was proposed twice is two of them.
    newest = {(run.data.tags.get(SWEEP_JOB, run.info.run_id), run.data.tags.get(TRIAL)): run for run in runs}
    return sorted(newest.values(), key=lambda run: int(run.data.tags.get(SWEEP_NUMBER, -1)))


def as_children(runs: Sequence[MlflowRun]) -> list[SweepChild]:
    """Returns trainings as the jobs of one sweep, with what varies among them."""
    varied = _varied([_settings(run) for run in runs])
    return [_child(run, varied) for run in runs]


def close_sweep(store: Store, run_id: str, outcome: SweepResult, *, status: str = "FINISHED") -> None:
    """Stores the result of a sweep on its parent, in files and in the description, and ends the run.

    `status` is FINISHED; FAILED if a job failed; KILLED if the sweep was interrupted.
    """
    recorder = Recorder(store, run_id)
    try:
        for path, rows in (("sweep.csv", outcome.runs), ("settings.csv", outcome.settings)):
            if rows:
                recorder.table(rows, path)
        _describe(recorder, outcome)
        for picture, caption in outcome.pictures:
            recorder.file(picture, "pictures")
            recorder.illustrate(f"pictures/{picture.name}", caption)
    finally:
        with one_line_errors(store.uri):
            store.client.set_terminated(run_id, status)


def _describe(recorder: Recorder, outcome: SweepResult) -> None:
    with one_line_errors(recorder.store.uri):
        before = recorder.store.client.get_run(recorder.run_id).data.tags.get(MLFLOW_RUN_NOTE, "")
    described = "\n\n".join([before, *outcome.texts])
    # Pictures are added, each with its caption twice and an address.
    room = MAX_TAG_VAL_LENGTH - sum(2 * len(caption) + _ADDRESS for _, caption in outcome.pictures) - _REMARK
    if len(described) > room:
        whole_lines = described[:room].rpartition("\n")[0]
        described = f"{whole_lines}\n\nThe rest is in `sweep.csv`.\n"
    recorder.tags({MLFLOW_RUN_NOTE: described})


def _below(run_id: str) -> str:
    """Returns the condition of `runs_where` for the runs under another."""
    return f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{run_id}'"


def _settings(run: MlflowRun) -> dict[str, str]:
    tags = {name: run.data.tags[name] for name in _DECIDING if name in run.data.tags}
    return {**run.data.params, _START: _FROM_SCRATCH, **tags}


def _varied(settings: Sequence[Mapping[str, str]]) -> list[str]:
    begun = [one for one in settings if _SEED in one]
    keys = dict.fromkeys(key for one in begun for key in one)
    return [key for key in keys if len({one.get(key) for one in begun} - {None}) > 1]


def _child(run: MlflowRun, varied: Sequence[str]) -> SweepChild:
    metrics = {Key.parse(text): value for text, value in sorted(run.data.metrics.items())}
    settings = _settings(run)
    return SweepChild(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        name=run.info.run_name,
        status=run.info.status,
        seed=settings.get(_SEED, ""),
        varied={key: settings[key] for key in varied if key in settings},
        measures={key: value for key, value in metrics.items() if key.compares_runs},
        trial=int(run.data.tags[TRIAL]) if TRIAL in run.data.tags else None,
        pruned=run.data.tags.get(PRUNED) == "true",
        own_data=OWN_DATA in run.data.tags,
    )
