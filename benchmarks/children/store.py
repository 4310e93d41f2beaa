"""Child process: a tracking store of more and more runs, and how long it takes to log one and to list them all."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring.serving import Answer, serve, time_call
from pipeline.data.keys import Key
from pipeline.settings.overrides import compose_settings
from pipeline.tracking.pages import runs_where
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store, connect
from pipeline.training.history import Point

FIGURES = ("train/generator/loss", "train/discriminator/loss", "heldout/accuracy", "heldout/coverage")
POINTS = [Point(Key.parse(key), 1 / (step + 1), step) for step in range(150) for key in FIGURES]
DESCRIPTION = RunDescription(name="a run", parameters=compose_settings(()).parameters(), tags={"kind": "training"})


def log_run(store: Store) -> None:
    """Logs a run as a training does."""
    with Run(store, DESCRIPTION, system_metrics=False) as run:
        run.log(POINTS)


def list_runs(store: Store) -> int:
    """Lists every run with its settings and last figures; returns how many there are."""
    return len(list(runs_where(store, "tags.kind = 'training'")))


def answer(store: Store, request: Answer) -> Answer:
    """Fills the store up to `runs`, of which the last `repeats` are timed."""
    repeats = range(request["repeats"])
    for _ in range(request["runs"] - len(repeats) - list_runs(store)):
        log_run(store)
    acts = {"log": log_run, "list": list_runs}
    return {name: [time_call(partial(act, store)) for _ in repeats] for name, act in acts.items()}


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        opened = connect(family="acgan", experiment="benchmark", root=Path(folder))
        serve(lambda request: answer(opened, request))
