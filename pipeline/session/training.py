"""One training from its first step, or from where it was interrupted, to its tracked end."""

import gc
import shutil
from collections.abc import Mapping

import yaml

from pipeline.data import mnist
from pipeline.data.mnist import Splits
from pipeline.models.composition import nest
from pipeline.models.summaries import boxed, opened
from pipeline.rendering.terminal import make_console
from pipeline.session import outputs
from pipeline.session.cards import judge_facts, judge_tags, name_run, training_card
from pipeline.session.command import Job
from pipeline.session.judging import Calibration
from pipeline.session.listener import SAMPLES, Listener
from pipeline.session.measuring import measure_reports
from pipeline.session.sweep import describe_place
from pipeline.settings.composed import Settings
from pipeline.settings.paths import STORE_ROOT, display
from pipeline.tracking.datasets import Examples
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.runs import Run
from pipeline.tracking.store import connect
from pipeline.tracking.sweeps import find_sweep
from pipeline.training.checkpoints import STATE, load_state
from pipeline.training.family import Parts, Training, build_training, find_family
from pipeline.training.folder import RunFolder, find_models, read_facts
from pipeline.training.history import History
from pipeline.training.loop import DivergedError, Plan, run_steps
from pipeline.training.timing import Phase, Timers, untimed


def train(
    settings: Settings,
    job: Job,
    folder: RunFolder,
    *,
    digests: Mapping[str, str],
    calibration: Calibration | None = None,
    timers: Timers = untimed,
) -> None:
    """Trains in a folder, tracked; goes on from the folder's checkpoint if there is one.

    Args:
        settings: What the command is set to.
        job: How the stage was called.
        folder: The run's folder; it holds the outputs in the end.
        digests: Hashes of the settings, the data and the code.
        calibration: The judge that reports ask and that the best of them is chosen by; none for a family that makes no
            digits on demand, whose reports are chosen by their own score.
        timers: What its phases are timed by.

    Raises:
        DivergedError: A loss is not finite; the run is FAILED and is not resumed.
    """
    family = find_family(settings.family)
    splits = mnist.split(mnist.read(settings.data.file), settings.data)
    with timers(Phase.BUILD):
        training = build_training(family, settings, splits)
    _freeze_for_collector()
    reported_on = _reported_on(settings, calibration)
    history = _restore(training, settings, folder, reported_on)
    store = connect(family=settings.family, experiment=settings.tracking.experiment, root=STORE_ROOT)
    parent = find_sweep(store, job.sweep) if job.sweep else None
    card = training_card(settings, job, digests=digests, parent=parent)
    resume = folder.facts().get("run_id")
    with Run(store, card, resume=resume, system_metrics=settings.tracking.system_metrics) as run:
        close_abandoned(store)
        folder.remember(**_facts(settings, job, run), reported_on=reported_on)
        if calibration:
            run.tags(judge_tags(calibration))
            folder.remember(judge=judge_facts(calibration))
        if folder.facts().get("introduced") != run.run_id:
            _introduce(run, settings, training.parts(), splits, digests["data"])
            folder.remember(introduced=run.run_id)
        run.log(history.points)
        listener = Listener(training, history, folder=folder, run=run, settings=settings, timers=timers)
        measure = measure_reports(calibration, selecting=len(splits.validation) > 0) if calibration else None
        try:
            with listener.progress(describe_place(job), splits.held_out_name):
                listener.begin()
                for event in run_steps(training, _plan(settings), history, measure, timers=timers):
                    listener.hear(event)
        except DivergedError as error:
            try:
                outputs.save_best(training.parts(), history, folder)
            finally:
                folder.end(f"diverged: {error}")
            raise
        _freeze_for_collector()
        with timers(Phase.FINISH):
            outputs.finish(training, history, family.example(settings), folder=folder, run=run)


def _freeze_for_collector() -> None:
    """Takes all that there is out of the collector's walks, a third of a second each through what TensorFlow makes."""
    gc.freeze()


def _reported_on(settings: Settings, calibration: Calibration | None) -> dict[str, dict[str, object]]:
    """Gives what the scores of reports depend on beside the networks: the reports' own, and those of the judge.

    Two trainings' scores compare only where this is the same. Without held-out images there are none.
    """
    if not settings.data.validation:
        return {}
    limit, validation = settings.data.limit, settings.data.validation
    scores: dict[str, dict[str, object]] = {
        "own": {"limit": limit, "validation": validation, "images": settings.model.report_images}
    }
    if calibration:
        used = calibration.settings
        judged = {"limit": limit, "validation": used.validation, "images": used.report_images}
        scores["judge"] = {"digest": calibration.digest, **judged}
    return scores


def _restore(
    training: Training, settings: Settings, folder: RunFolder, reported_on: Mapping[str, Mapping[str, object]]
) -> History:
    """Puts a training to where its checkpoint or `start_from` has it, at its beginning where there is neither.

    The best report of what it starts from stays the best so far where scores of the next ones compare with its own.
    """
    console = make_console()
    if folder.checkpoint.exists():
        history = load_state(folder.checkpoint, training.variables())
        console.print(f"going on with the interrupted training in {display(folder.path)} after step {history.step:,}")
        return history
    if settings.start_from is None:
        return History()
    finished = find_models(settings.start_from)
    history = load_state(finished / STATE, training.variables())
    scored = "judge" if history.best_judged else "own"
    before = read_facts(finished).get("reported_on", {}).get(scored)
    if before is None or before != reported_on.get(scored) or not (finished / outputs.BEST).exists():
        history.forget_best()
    for name in [SAMPLES] if history.best_step is None else [SAMPLES, outputs.BEST]:
        if (finished / name).exists():
            shutil.copytree(finished / name, folder.models / name, dirs_exist_ok=True)
    console.print(f"starting from {display(settings.start_from)} after step {history.step:,}")
    return history


def _plan(settings: Settings) -> Plan:
    return Plan(
        steps=settings.model.steps,
        report_every=settings.model.report_every,
        losses_every=settings.tracking.losses_every,
        checkpoint_seconds=settings.tracking.checkpoint_seconds,
    )


def _facts(settings: Settings, job: Job, run: Run) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "name": name_run(settings, job),
        "command": job.command,
        "settings": settings.of_training(),
    }


def _introduce(run: Run, settings: Settings, parts: Parts, splits: Splits, data_digest: str) -> None:
    for name, split, context in (
        ("train", splits.train, "training"),
        ("validation", splits.validation, "validation"),
        ("test", splits.test, "testing"),
    ):
        if len(split):
            source = display(settings.data.file)
            run.dataset(Examples(f"mnist-{name}", split.images, split.labels, data_digest, context, source))
    run.text(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False), "settings.yaml")
    *halves, whole = parts
    for name, model in parts.items():
        run.text(opened(model), f"summaries/{name}.txt")
    joined = nest(parts[halves[0]], parts[halves[1]], name=whole)
    run.text(boxed(joined), f"summaries/{whole}-boxed.txt")
    run.text(opened(joined), f"summaries/{whole}-opened.txt")
