"""The parent run of a sweep: found by the sweep's folder, and closed with the table of its jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities import Run as MlflowRun
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE

from pipeline.data.rows import Row
from pipeline.tracking.pages import runs_where
from pipeline.tracking.recorder import Recorder, as_markdown
from pipeline.tracking.runs import Card, Run
from pipeline.tracking.store import Store, one_line_errors

_FOLDER = "sweep.folder"
_MEASURES = ("final/", "heldout/")


@dataclass(frozen=True)
class SweepChild:
    """One job of a sweep.

    Attributes:
        run_id: Its run.
        name: The run's name.
        status: RUNNING, FINISHED, FAILED or KILLED.
        varied: The parameters in which the sweep's jobs differ, by address.
        measures: Its latest `final/…` and `heldout/…` metrics, by key.
    """

    run_id: str
    name: str
    status: str
    varied: Mapping[str, str]
    measures: Mapping[str, float]

    @property
    def row(self) -> dict[str, object]:
        """The job as a row of the sweep's table."""
        return {"run": self.name, "status": self.status, **self.varied, **self.measures}


def open_sweep(store: Store, folder: Path, card: Card) -> str:
    """Opens a sweep's parent run, or finds the one that the sweep in `folder` has.

    Args:
        store: The store and experiment.
        folder: The sweep's folder, by which its jobs find the parent.
        card: What the sweep says about itself.

    Returns:
        The parent's run id; the run stays open until `close_sweep`.
    """
    found = find_sweep(store, folder)
    tags = {**card.tags, "kind": "sweep", _FOLDER: _address(folder)}
    parent = Card(name=card.name, parameters=card.parameters, tags=tags, description=card.description)
    return Run(store, parent, resume=found, system_metrics=False).run_id


def find_sweep(store: Store, folder: Path) -> str | None:
    """Gives the parent run of the sweep in `folder`; none before it was opened."""
    with one_line_errors(store.uri):
        for run in runs_where(store, "tags.kind = 'sweep'"):
            if run.data.tags.get(_FOLDER) == _address(folder):
                return str(run.info.run_id)
    return None


def children(store: Store, run_id: str) -> list[SweepChild]:
    """Gives a sweep's jobs, oldest first."""
    with one_line_errors(store.uri):
        runs = list(runs_where(store, f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{run_id}'"))
    varied = _varied([run.data.params for run in runs])
    return [_child(run, varied) for run in runs]


def close_sweep(
    store: Store, run_id: str, rows: Sequence[Row], *, shown: Sequence[Row] = (), status: str = "FINISHED"
) -> None:
    """Stores the sweep's table on its parent, as `sweep.csv` and in the description, and ends the run.

    Args:
        store: The store.
        run_id: The parent's run.
        rows: The whole table, a row a job.
        shown: The table as the description shows it; the whole one by default.
        status: FINISHED; FAILED if a job failed; KILLED if the sweep was interrupted.
    """
    recorder = Recorder(store, run_id)
    with one_line_errors(store.uri):
        if rows:
            recorder.table(rows, "sweep.csv")
            described = store.client.get_run(run_id).data.tags.get(MLFLOW_RUN_NOTE, "")
            recorder.tags({MLFLOW_RUN_NOTE: f"{described}\n\n{as_markdown(shown or rows)}"[:8000]})
        store.client.set_terminated(run_id, status)


def _address(folder: Path) -> str:
    return folder.resolve().as_posix()


def _varied(parameters: Sequence[Mapping[str, str]]) -> list[str]:
    keys = dict.fromkeys(key for one in parameters for key in one)
    return [key for key in keys if len({one.get(key) for one in parameters}) > 1]


def _child(run: MlflowRun, varied: Sequence[str]) -> SweepChild:
    measures = {key: value for key, value in sorted(run.data.metrics.items()) if key.startswith(_MEASURES)}
    shown = {key: run.data.params[key] for key in varied if key in run.data.params}
    return SweepChild(run.info.run_id, run.info.run_name, run.info.status, shown, measures)
