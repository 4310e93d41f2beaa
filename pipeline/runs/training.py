"""One training from its first step, or from where it was interrupted, to its tracked end."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipeline.data import mnist
from pipeline.data.code import combined_digest
from pipeline.judging.calibration import Calibration
from pipeline.judging.description import judge_metadata, judge_tags
from pipeline.judging.quality import measure_reports
from pipeline.rendering.terminal import make_console
from pipeline.runs import outputs
from pipeline.runs.description import describe_training, name_run
from pipeline.runs.folder import LAYOUT, RunFolder, claim, locked_stage, tracked_files
from pipeline.runs.interruption import Interruption
from pipeline.runs.observer import TrainingObserver
from pipeline.runs.start import ScoreBasis, restore, score_basis
from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job, stage_of_dvc
from pipeline.tracking.runs import Run
from pipeline.tracking.spooled_runs import open_run
from pipeline.training.family import Training, build_training, find_family
from pipeline.training.history import History
from pipeline.training.loop import CheckpointDue, DivergedError, Plan, run_steps
from pipeline.training.timing import Phase, Timers, untimed


def train_in_folder(
    settings: Settings,
    job: Job,
    *,
    digests: Mapping[str, str],
    calibration: Calibration | None,
    timers: Timers = untimed,
) -> Path:
    """Trains in the folder that the digests name; see `train`.

    A stage of DVC waits for one of the same family, whose DVC may have been killed. If that was the same training, its
    results stay.

    Returns:
        Where the results are: `models/FAMILY` for a stage of DVC, else the run's folder.
    """
    digest, runs = combined_digest(*digests.values()), paths.STORE_ROOT / "runs"
    if not stage_of_dvc():
        with claim(runs / settings.family, digest) as folder:
            train(settings, job, folder, digests=digests, calibration=calibration, timers=timers)
            folder.end("finished")
            return folder.path
    target = tracked_files(settings.family)
    with locked_stage(settings.family, report=make_console().print) as waited:
        if not (waited and target.metadata().get("digest") == digest):
            with claim(runs / "dvc" / settings.family, digest) as folder:
                train(settings, job, folder, digests=digests, calibration=calibration, timers=timers)
                folder.publish(target)
    return target.models


def train(
    settings: Settings,
    job: Job,
    folder: RunFolder,
    *,
    digests: Mapping[str, str],
    calibration: Calibration | None = None,
    timers: Timers = untimed,
) -> None:
    """Trains in a folder, tracked; resumes from the folder's checkpoint if there is one.

    `digests` are hashes of the settings, the data and the code. The judge measures reports and chooses the best of
    them; without one, for a family that makes no digits on demand, they are chosen by their own score.

    Raises:
        DivergedError: A loss is not finite; the run is FAILED and is not resumed.
    """
    family = find_family(settings.family)
    splits = mnist.split(mnist.read(settings.data.file), settings.data)
    with timers(Phase.BUILD):
        training = build_training(family, settings, splits)
    # The collector skips what is frozen; a walk through all that TensorFlow makes takes a third of a second.
    gc.freeze()
    basis = score_basis(settings, calibration)
    history = restore(training, settings, folder, basis)
    with _open_run(settings, job, folder, digests) as run:
        _record_start(run, settings, job, folder, basis)
        folder.update_metadata(digest=combined_digest(*digests.values()))
        if calibration:
            run.tags(judge_tags(calibration))
            folder.update_metadata(judge=judge_metadata(calibration))
        if folder.metadata().get("introduced") != run.run_id:
            outputs.introduce(run, settings, training.parts(), splits, data_digest=digests["data"])
            folder.update_metadata(introduced=run.run_id)
        run.log(history.points)
        observer = TrainingObserver(training, history, folder=folder, run=run, settings=settings, timers=timers)
        measure = measure_reports(calibration, selecting=len(splits.validation) > 0) if calibration else None
        with _ending_if_diverged(training, history, folder), observer.progress(job.place, splits.held_out_name):
            observer.begin()
            with Interruption() as interruption:
                plan, due = _plan(settings), interruption.requested
                for event in run_steps(training, plan, history, measure, due=due, timers=timers):
                    observer.on_event(event)
                    if isinstance(event, CheckpointDue):
                        interruption.stop()
        gc.freeze()
        with timers(Phase.FINISH):
            outputs.finish(training, history, family.example(settings), folder=folder, run=run)


def _record_start(run: Run, settings: Settings, job: Job, folder: RunFolder, basis: ScoreBasis) -> None:
    called = {"name": name_run(settings, job), "command": job.command, "settings": settings.of_training()}
    folder.update_metadata(run_id=run.run_id, layout=LAYOUT, **called, reported_on=basis)


def _open_run(settings: Settings, job: Job, folder: RunFolder, digests: Mapping[str, str]) -> Run:
    return open_run(
        describe_training(settings, job, digests=digests),
        family=settings.family,
        settings=settings.tracking,
        root=paths.STORE_ROOT,
        spool=folder.spool,
        resume=folder.metadata().get("run_id"),
    )


def _plan(settings: Settings) -> Plan:
    return Plan(
        steps=settings.model.steps,
        report_every=settings.model.report_every,
        losses_every=settings.tracking.losses_every,
        checkpoint_seconds=settings.tracking.checkpoint_seconds,
    )


@contextmanager
def _ending_if_diverged(training: Training, history: History, folder: RunFolder) -> Iterator[None]:
    """Saves the best report of a training whose losses are not finite any more, and marks the training as ended."""
    try:
        yield
    except DivergedError as error:
        try:
            outputs.save_best(training.parts(), history, folder)
        finally:
            folder.end(f"diverged: {error}", keep_checkpoint=True)
        raise
