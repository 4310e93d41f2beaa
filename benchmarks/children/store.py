"""Child process: a tracking store of more and more runs, and how long it takes to log one and to list them all."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.children.serving import Answer, time_call
from pipeline.data.keys import Key
from pipeline.settings.overrides import compose_settings
from pipeline.tracking.pages import runs_where
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import connect
from pipeline.training.history import Point

FIGURES = ("train/generator/loss", "train/discriminator/loss", "heldout/accuracy", "heldout/coverage")
POINTS = [Point(Key.parse(key), 1 / (step + 1), step) for step in range(150) for key in FIGURES]
DESCRIPTION = RunDescription(name="a run", parameters=compose_settings(()).parameters(), tags={"kind": "training"})


FOLDER = TemporaryDirectory()
STORE = connect(family="acgan", experiment="benchmark", root=Path(FOLDER.name))


def log_run() -> None:
    """Logs a run as a training does."""
    with Run(STORE, DESCRIPTION, system_metrics=False) as run:
        run.log(POINTS)


def list_runs() -> int:
    """Lists every run with its settings and last figures; returns how many there are."""
    return len(list(runs_where(STORE, "tags.kind = 'training'")))


def answer(request: Answer) -> Answer:
    """Fills the store up to `runs`, of which the last `repeats` are timed."""
    repeats = range(request["repeats"])
    for _ in range(request["runs"] - len(repeats) - list_runs()):
        log_run()
    return {act: [time_call(call) for _ in repeats] for act, call in (("log", log_run), ("list", list_runs))}
