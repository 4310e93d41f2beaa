"""One calibration from its first step to its tracked end."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data import mnist
from pipeline.data.rows import Row
from pipeline.rendering.tables import of_one_digit, rows_table
from pipeline.rendering.terminal import Length, TrainingProgress, make_console
from pipeline.session.calibrated import Calibrated, calibrate_judge, write_calibration
from pipeline.session.cards import judge_card
from pipeline.session.command import Job
from pipeline.session.judges import JUDGE
from pipeline.session.judging import FLOORS, judge_splits
from pipeline.session.metrics import nest, write_json
from pipeline.session.outputs import model_example
from pipeline.settings.composed import Settings
from pipeline.settings.paths import STORE_ROOT, display
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.runs import Run
from pipeline.tracking.store import connect
from pipeline.training.history import Point
from pipeline.training.judge import Listen, count_steps

FAMILY = "judge"


def calibrate(settings: Settings, job: Job, folder: Path, *, reports: Path, identity: Mapping[str, Any]) -> None:
    """Trains the judge into a folder and finds the floors, tracked.

    Args:
        settings: What the command is set to.
        job: How the command was called that needs the judge.
        folder: Where the judge goes.
        reports: Where `metrics.json` goes.
        identity: What `identify` gave; it stands in `judge.json`.
    """
    console, started = make_console(), time.monotonic()
    console.print(f"calibrating the judge of these settings, once for all runs: {display(folder)}")
    splits = judge_splits(mnist.read(settings.data.file), settings.calibrate, limit=settings.data.limit)
    store = connect(family=FAMILY, experiment=settings.tracking.experiment, root=STORE_ROOT)
    card = judge_card(settings, job, digests={name: identity[name] for name in ("data", "code")})
    with Run(store, card, system_metrics=settings.tracking.system_metrics) as run:
        close_abandoned(store)
        with _progress(settings, len(splits.train), run) as listen:
            calibrated = calibrate_judge(splits, settings.calibrate, listen=listen)
        digest = write_calibration(calibrated, folder, {"label": settings.label, **identity})
        run.tags({"judge.digest": digest, "judge.accuracy": f"{calibrated.accuracy['test']:.4f}"})
        _log(calibrated, run, reports / "metrics.json")
        for name in (JUDGE, FLOORS):
            run.file(folder / name)
    console.print(_floors_table(calibrated))
    console.print(
        f"calibrated in {time.monotonic() - started:.0f} seconds: "
        f"the judge reads {calibrated.accuracy['test']:.2%} of the test images right"
    )


@contextmanager
def _progress(settings: Settings, images: int, run: Run) -> Iterator[Listen]:
    block = settings.calibrate
    length = Length(count_steps(images, block), batch_size=block.batch_size, images_per_epoch=images)
    with TrainingProgress(length, label=settings.label or "", prefix=FAMILY) as bar:

        def listen(step: int, loss: float) -> None:
            bar.advance(step, {FAMILY: loss})
            if step % settings.tracking.losses_every == 0:
                run.log([Point("train/loss", loss, step)])

        yield listen


def _log(calibrated: Calibrated, run: Run, metrics: Path) -> None:
    values = {f"accuracy/{split}": share for split, share in calibrated.accuracy.items()}
    for use, floors in calibrated.floors.items():
        values |= {f"floor/{use}/{name}": value for name, value in floors.items()}
    run.log(Point(key, value, 0) for key, value in values.items())
    run.file(write_json(nest(values), metrics))
    run.table(_confusion_rows(calibrated), "confusion.csv")
    model = calibrated.judge.model
    run.model(FAMILY, model, model_example(model, {"image": np.zeros((2, 28, 28, 1), np.float32)}))


def _confusion_rows(calibrated: Calibrated) -> list[Row]:
    counts = calibrated.confusion.tolist()
    return [
        {"digit": digit} | {f"read as {reading}": count for reading, count in enumerate(row)}
        for digit, row in enumerate(counts)
    ]


def _floors_table(calibrated: Calibrated) -> Any:
    evaluation, report = calibrated.floors["evaluation"], calibrated.floors["report"]
    rows = [(name, value, report.get(name)) for name, value in evaluation.items() if not of_one_digit(name)]
    return rows_table("floors: what real digits score", ("measure", "evaluation", "report"), rows)
