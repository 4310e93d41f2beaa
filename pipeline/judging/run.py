"""The judge of these settings, data and code: found, or trained once and tracked."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.dataset import split
from pipeline.data.dataset_file import read
from pipeline.data.keys import REFERENCE, Key, train_key
from pipeline.judging.calibration import Calibration, load_calibration
from pipeline.judging.description import describe_judge
from pipeline.judging.files import JUDGE, METRICS, REFERENCES
from pipeline.judging.fit import StepCallback, count_steps, train_classifier
from pipeline.judging.folder import find_judge, holds, locked_folder, tracked_folder
from pipeline.judging.identity import identify
from pipeline.judging.result import FittedJudge, calibrate, write_calibration
from pipeline.rendering.tables import confusion_rows, rows_table
from pipeline.rendering.terminal import Length, TrainingProgress, make_console
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError
from pipeline.settings.images import ImageFormat
from pipeline.settings.job import Job, stage_of_dvc
from pipeline.settings.paths import display
from pipeline.tracking.errors import RefusedError, TrackingError
from pipeline.tracking.logged_models import model_example
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.spooled_runs import open_run
from pipeline.training.history import Point

FAMILY = "judge"


class OtherJudgeError(PipelineError):
    """The judge that DVC tracks is one of other settings, data or code."""


class JudgeOnDemand:
    """The judge of these settings, data and code: read if there is one, else trained when it is first asked for.

    So the first samples of a training need not wait for it. The settings `judge` and `data` decide it; the data's file
    must be there.
    """

    def __init__(self, settings: Settings, job: Job) -> None:
        self._settings, self._job = settings, job
        # At once, since the code may change on the disk until the judge is asked for.
        self._identity = identify(settings)
        found = find_judge(self._identity)
        self._calibration = self._read(found) if found else None

    @property
    def is_missing(self) -> bool:
        """Whether `calibration` may have to train it."""
        return self._calibration is None

    def calibration(self) -> Calibration:
        """Returns the judge; trains it first where there is none, unless another command has meanwhile."""
        if self._calibration is None:
            with locked_folder(self._identity) as folder:
                if not holds(folder, self._identity):
                    train_judge(self._settings, self._job, folder, identity=self._identity)
            self._calibration = self._read(folder)
        return self._calibration

    def _read(self, folder: Path) -> Calibration:
        return load_calibration(folder, read(self._settings.data.file))


def ensure_judge(settings: Settings, job: Job) -> Calibration:
    """Returns the judge of these settings, data and code; trains it first where there is none.

    The settings `judge` and `data` decide it; the data's file must be there.
    """
    return JudgeOnDemand(settings, job).calibration()


def ensure_tracked_judge(settings: Settings, job: Job) -> Calibration:
    """Returns the same judge as `ensure_judge`; a stage of DVC needs the one that DVC tracks, on which it depends.

    Raises:
        OtherJudgeError: A stage of DVC found another judge in `models/judge`.
    """
    folder = tracked_folder()
    if stage_of_dvc() and not holds(folder, identify(settings)):
        raise OtherJudgeError(
            f"{display(folder)} must be the judge of these settings, data and code: run `dvc repro judge`"
        )
    return ensure_judge(settings, job)


def train_judge(settings: Settings, job: Job, folder: Path, *, identity: Mapping[str, Any]) -> None:
    """Trains the judge into a folder, tracked, and finds the references and its accuracy.

    `job` is the call that needs the judge; `judge.json` repeats the identity, which decides it.
    """
    console, started = make_console(), time.monotonic()
    console.print(f"training the judge of these settings, once for all runs: {display(folder)}")
    splits = split(read(settings.data.file), validation=settings.judge.validation, limit=settings.data.limit)
    description = describe_judge(settings, job, digests={name: identity[name] for name in ("data", "code")})
    with _open_run(description, settings, folder) as run:
        with _progress(settings, len(splits.train), run) as on_step:
            model = train_classifier(splits.train, settings.judge, format=splits.format, on_step=on_step)
        console.print(f"measuring real {splits.format.plural}, for references")
        fitted = calibrate(model, splits, settings.judge)
        digest = write_calibration(fitted, folder, identity)
        run.tags({"judge.digest": digest, "judge.accuracy": f"{fitted.accuracy['test']:.4f}"})
        _log(fitted, run, folder / METRICS, splits.format)
        for name in (JUDGE, REFERENCES):
            run.file(folder / name)
    console.print(_references_table(fitted, splits.format))
    console.print(
        f"trained in {time.monotonic() - started:.0f} seconds: "
        f"the judge reads {fitted.accuracy['test']:.2%} of the test images right"
    )


def _open_run(description: RunDescription, settings: Settings, folder: Path) -> Run:
    """Opens the judge's run, offline where the store has gone away since the command began: a training goes on then."""
    spool = folder / "spool"
    try:
        return open_run(description, family=FAMILY, settings=settings.tracking, spool=spool)
    except RefusedError:
        raise
    except TrackingError as error:
        make_console().print(f"the judge is tracked offline: {error}", soft_wrap=True)
        offline = settings.tracking.model_copy(update={"offline": True})
        return open_run(description, family=FAMILY, settings=offline, spool=spool)


@contextmanager
def _progress(settings: Settings, images: int, run: Run) -> Iterator[StepCallback]:
    block = settings.judge
    length = Length(count_steps(images, block), batch_size=block.batch_size, images_per_epoch=images)
    with TrainingProgress(length, label=settings.label or "", prefix=FAMILY) as bar:

        def on_step(step: int, loss: float) -> None:
            bar.advance(step, {FAMILY: loss})
            if step % settings.tracking.losses_every == 0:
                run.log([Point(train_key("loss"), loss, step)])

        yield on_step


def _log(fitted: FittedJudge, run: Run, metrics: Path, format: ImageFormat) -> None:
    values = {Key(split, component="accuracy"): share for split, share in fitted.accuracy.items()}
    for use, references in fitted.references.items():
        values |= {Key.parse(f"{REFERENCE}/{use}/{key}"): value for key, value in references.items()}
    run.log(Point(key, value, 0) for key, value in values.items())
    run.file(metrics)
    run.table(confusion_rows(fitted.confusion, format.names, of=format.kind), "confusion.csv")
    model = fitted.judge.model
    blank = np.zeros((2, *model.input["image"].shape[1:]), np.float32)
    run.model(FAMILY, model, model_example(model, {"image": blank}))


def _references_table(fitted: FittedJudge, format: ImageFormat) -> Any:
    evaluation, report = fitted.references["evaluation"], fitted.references["report"]
    rows = [(key.name, value, report.get(key)) for key, value in evaluation.items() if not key.of_one_digit]
    return rows_table(f"references: what real {format.plural} score", ("measure", "evaluation", "report"), rows)
