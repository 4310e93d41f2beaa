"""Child process: a tracking store of more and more runs, and how long it takes to log one and to list them all."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring.serving import Answer, serve
from pipeline.data.keys import Key
from pipeline.settings.overrides import compose_settings
from pipeline.tracking.pages import runs_where
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store, connect
from pipeline.training.history import Point

FIGURES = ("train/generator/loss", "train/discriminator/loss", "heldout/accuracy", "heldout/coverage")
POINTS = [Point(Key.parse(key), 1 / (step + 1), step) for step in range(150) for key in FIGURES]
DESCRIPTION = RunDescription(name="a run", parameters=compose_settings(()).parameters(), tags={"kind": "training"})


def log_run(store: Store) -> float:
    """Logs a run as a training does and returns the seconds."""
    started = time.perf_counter()
    with Run(store, DESCRIPTION, system_metrics=False) as run:
        run.log(POINTS)
    return time.perf_counter() - started


def list_runs(store: Store) -> tuple[float, int]:
    """Lists every run with its settings and last figures; returns the seconds and how many there are."""
    started = time.perf_counter()
    found = len(list(runs_where(store, "tags.kind = 'training'")))
    return time.perf_counter() - started, found


def answer(store: Store, request: Answer) -> Answer:
    """Fills the store up to `runs`, of which the last `repeats` are timed."""
    repeats = range(request["repeats"])
    for _ in range(request["runs"] - len(repeats) - list_runs(store)[1]):
        log_run(store)
    return {"log": [log_run(store) for _ in repeats], "list": [list_runs(store)[0] for _ in repeats]}


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        opened = connect(family="acgan", experiment="benchmark", root=Path(folder))
        serve(lambda request: answer(opened, request))
