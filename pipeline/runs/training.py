"""One training from its first step, or from where it was interrupted, to its tracked end."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.data.code import combined_digest
from pipeline.data.dataset import Splits
from pipeline.data.dataset_file import read_splits
from pipeline.rendering.terminal import make_console
from pipeline.runs import outputs
from pipeline.runs.changes import changed_settings
from pipeline.runs.claims import claim, locked_stage
from pipeline.runs.description import describe_training, name_run
from pipeline.runs.folder import LAYOUT, RunFolder, dvc_files
from pipeline.runs.identity import run_key
from pipeline.runs.interruption import Interruption
from pipeline.runs.observer import TrainingObserver
from pipeline.runs.report_judge import ReportJudge, note_judge
from pipeline.runs.start import restore, score_basis
from pipeline.runs.trials import TrialJob
from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job, stage_of_dvc
from pipeline.tracking.runs import Run
from pipeline.tracking.spooled_runs import KEY, open_run
from pipeline.tracking.sweeps import PRUNED
from pipeline.training.family import Training, build_training, find_family
from pipeline.training.history import History
from pipeline.training.loop import CheckpointDue, DivergedError, Event, Plan, Points, ReportMade, run_steps
from pipeline.training.timing import Phase, Timers

if TYPE_CHECKING:  # how a judge is trained and tracked decides no training
    from pipeline.judging.run import JudgeOnDemand

Hashes = Mapping[str, str]


def train_in_folder(
    settings: Settings, job: Job, *, digests: Hashes, judge: JudgeOnDemand | None, timers: Timers
) -> Path | None:
    """Trains in the folder that the digests name; see `train`.

    A stage of DVC waits for one of the same family, whose DVC may have been killed. If that was the same training, its
    results stay.

    Returns:
        Where the results are: `models/FAMILY` for a stage of DVC, else the run's folder; None of a hopeless trial.
    """
    digest, runs = combined_digest(*digests.values()), paths.STORE_ROOT / "runs"
    if not stage_of_dvc():
        with claim(runs / settings.family, digest) as folder:
            whole = train(settings, job, folder, digests=digests, judge=judge, timers=timers)
            folder.end("finished" if whole else "pruned")
            return folder.path if whole else None
    target = dvc_files(settings.family)
    with locked_stage(settings.family, report=make_console().print) as waited:
        if not (waited and target.metadata().get("digest") == digest):
            with claim(runs / "dvc" / settings.family, digest) as folder:
                train(settings, job, folder, digests=digests, judge=judge, timers=timers)
                folder.publish(target)
    return target.models


def train(
    settings: Settings, job: Job, folder: RunFolder, *, digests: Hashes, judge: JudgeOnDemand | None, timers: Timers
) -> bool:
    """Trains in a folder, tracked; resumes from the folder's checkpoint if there is one.

    `digests` are hashes of the settings, the data and the code. The judge, which is trained when the first report needs
    it, measures reports and chooses the best of them; without one, for a family that makes no digits on demand, they
    are chosen by their own score.

    Returns:
        Whether it has taken all its steps: a search ends a hopeless trial before.

    Raises:
        DivergedError: A loss is not finite; the run is FAILED and is not resumed.
    """
    family = find_family(settings.family)
    splits = read_splits(settings.data)
    with timers(Phase.BUILD):
        training = build_training(family, settings, splits)
    # The collector skips what is frozen; a walk through all that TensorFlow makes takes a third of a second.
    gc.freeze()
    history = restore(training, settings, folder, judge, data=digests["data"])
    with _open_run(settings, job, folder, digests) as run:
        _introduce(run, folder, training, splits, settings=settings, metadata=_describe(settings, job, digests))
        run.log(history.points)
        observer = TrainingObserver(training, history, folder=folder, run=run, settings=settings, timers=timers)
        basis = partial(score_basis, settings, judge, data=digests["data"])
        plan, note = _plan(settings), partial(note_judge, basis=basis, history=history, folder=folder, run=run)
        selecting = len(splits.validation) > 0
        report_judge = ReportJudge(judge, plan, history, note=note, selecting=selecting) if judge else None
        if report_judge is None:
            note(None)
        steps = partial(run_steps, training, plan, history, report_judge, timers=timers)
        with _ending_if_diverged(training, history, folder), observer.progress(job.place, splits.held_out_name):
            _observe(steps, observer, job, report_judge, last=settings.model.steps)
        if history.step < settings.model.steps:
            make_console().print(f"hopeless beside other trials: ended after {history.step:,} steps")
            run.tags({PRUNED: "true"})
            return False
        gc.freeze()
        with timers(Phase.FINISH):
            outputs.finish(training, history, family.example(settings), folder=folder, run=run)
    if not job.sweep and not settings.tracking.offline:
        make_console().print(f"the run: {run.page}", soft_wrap=True)
    return True


def _observe(
    steps: Callable[..., Iterator[Event]],
    observer: TrainingObserver,
    job: Job,
    judge: ReportJudge | None,
    *,
    last: int,
) -> None:
    """Passes a training's events on, up to its step `last`; after a signal it stops at the next checkpoint.

    A checkpoint is written before the judge is trained, too, since a signal stops that training at once.
    """
    observer.begin()
    with Interruption() as interruption:

        def ensure_judge() -> None:
            if judge and judge.is_due():
                with observer.paused(), interruption.suspended():
                    judge.train()

        def due() -> bool:
            return interruption.requested() or (judge is not None and judge.is_due())

        ensure_judge()
        for event in _until_hopeless(steps(due=due), job, steps=last):
            observer.on_event(event)
            if isinstance(event, CheckpointDue):
                interruption.stop()
                ensure_judge()


def _until_hopeless(events: Iterator[Event], job: Job, *, steps: int) -> Iterator[Event]:
    """Yields the events of a training, up to the points of the report at which a search ends it.

    At the report of the last of its `steps` it is whole, and only its last checkpoint is to come.
    """
    hopeless = False
    for event in events:
        yield event
        if isinstance(job, TrialJob) and isinstance(event, ReportMade) and event.report.step < steps:
            measured = event.measured.values if event.measured else {}
            hopeless = job.is_hopeless(event.report.step, {**event.report.values, **measured})
        elif hopeless and isinstance(event, Points):
            return


def _describe(settings: Settings, job: Job, digests: Hashes) -> dict[str, Any]:
    """What decides a training and how it is called, for its metadata."""
    called = {"name": name_run(settings, job), "command": job.command, "changed": changed_settings(settings)}
    decided = {"digest": combined_digest(*digests.values()), "data": digests["data"]}
    return {"layout": LAYOUT, **called, "settings": settings.of_training(), **decided}


def _introduce(
    run: Run, folder: RunFolder, training: Training, splits: Splits, *, settings: Settings, metadata: Mapping[str, Any]
) -> None:
    """Writes the metadata that a training has from its start, and logs what its run has from then on, once a run."""
    folder.update_metadata(run_id=run.run_id, **metadata)
    if folder.metadata().get("introduced") != run.run_id:
        outputs.introduce(run, settings, training.parts(), splits, data_digest=metadata["data"])
        folder.update_metadata(introduced=run.run_id)


def _open_run(settings: Settings, job: Job, folder: RunFolder, digests: Hashes) -> Run:
    described = describe_training(settings, job, digests=digests)
    return open_run(
        replace(described, tags={**described.tags, KEY: run_key(folder)}),
        family=settings.family,
        settings=settings.tracking,
        spool=folder.spool,
        resume=folder.metadata().get("run_id"),
    )


def _plan(settings: Settings) -> Plan:
    return Plan(
        steps=settings.model.steps,
        report_every=settings.model.report_every,
        losses_every=settings.tracking.losses_every,
        checkpoint_seconds=settings.tracking.checkpoint_seconds,
        early_samples=settings.tracking.early_samples,
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
