"""One sweep: its parent run opened, the jobs that have not finished launched, its tables stored at its end."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, open_dict
from rich.console import Console

from pipeline.data.code import SHORT_DIGEST, combined_digest
from pipeline.data.files import locked
from pipeline.rendering.terminal import make_console
from pipeline.runs.backlog import find_unsent, send_unsent
from pipeline.runs.description import describe_sweep, sweep_command
from pipeline.settings.composed import Settings
from pipeline.settings.errors import SettingsError
from pipeline.settings.exits import JobFailedError
from pipeline.settings.job import SweepPlace
from pipeline.settings.overrides import hydra_overrides, task_overrides
from pipeline.sweeps.jobs import TRAIN, CheckedJob, digest_jobs, find_varied, with_place
from pipeline.sweeps.processes import require_no_jobs
from pipeline.tracking.address import page_of, without_password
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.lease import Lease
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.runs import status_after
from pipeline.tracking.store import Store, connect
from pipeline.tracking.sweeps import children, finished_jobs, open_sweep

Report = Callable[..., None]
LOCAL = {"_target_": "hydra_plugins.pipeline_launchers.LocalLauncher"}
RESUME = "If it is interrupted, the same command resumes it."


def run_sweep(
    jobs: Sequence[CheckedJob], config: DictConfig, *, make_launcher: Callable[[], Launcher]
) -> Sequence[JobReturn]:
    """Runs the jobs of a sweep under one parent run, that of an earlier command with the same jobs if there is one.

    Jobs that have finished under it are left out. `make_launcher` makes the launcher that `config` chooses.

    Raises:
        JobFailedError: A job failed; the others have run.
        SettingsError: The command is no training.
        LockedError: Another command runs the same sweep, or jobs of one that was killed still run.
    """
    console = prepare_data(jobs)
    digests = digest_jobs(jobs)
    sweep = combined_digest(*sorted(digests))
    with locked(folder := choose_launcher(config, sweep)):
        require_no_jobs(folder)
        launcher = make_launcher()
        with parent_run(config, jobs[0].settings, sweep, load_report=partial(_load_report, jobs)) as (store, run_id):
            finished = finished_jobs(store, run_id)
            for number, name in ((number, finished.get(digest)) for number, digest in enumerate(digests)):
                if name is not None:
                    text = f"job {number + 1} of {len(jobs)}: finished already, as {name}"
                    console.print(text, soft_wrap=True)
            left = [number for number, digest in enumerate(digests) if digest not in finished]
            at_once = min(getattr(launcher, "at_once", 1), max(1, len(left)))
            beside = f", {at_once} at once" if at_once > 1 else ""
            counted = f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}"
            goes_on = f" {RESUME}" if left else ""
            console.print(f"sweep of {counted}{beside}.{goes_on}", soft_wrap=True)
            placed = _placed(jobs, digests, left, run_id, at_once)
            returned = launcher.launch(placed, initial_job_idx=0) if placed else []
            _require_none_failed(returned, jobs, config)
            return returned


def prepare_data(jobs: Sequence[CheckedJob]) -> Console:
    """Fetches the data of jobs, and returns the console that said so.

    Raises:
        SettingsError: The command is no training, or trains without a store.
    """
    if os.environ.get("PIPELINE_MODULE") != TRAIN:
        raise SettingsError(f"a sweep must be of trainings (python -m {TRAIN}), each job with its own run")
    if any(job.settings.tracking.offline for job in jobs):
        raise SettingsError("`tracking.offline` is for single trainings: the jobs of a sweep are found in its store")
    from pipeline.data.sources import ensure_fetched

    console = make_console()
    for block in {job.settings.data.file: job.settings.data for job in jobs}.values():
        ensure_fetched(block, report=console.print, progress=console.is_terminal)
    return console


def choose_launcher(config: DictConfig, digest: str) -> Path:
    """Lets the launcher write to the sweep's own folder, which is returned; several jobs at once need processes."""
    folder = Path(config.hydra.sweep.dir) / digest[:SHORT_DIGEST]
    with open_dict(config):
        config.hydra.sweep.dir = str(folder)
        if config.compute.jobs > 1 and config.hydra.runtime.choices["hydra/launcher"] == "basic":
            config.hydra.launcher = LOCAL
    return folder


def _placed(
    jobs: Sequence[CheckedJob], digests: Sequence[str], left: Sequence[int], run_id: str, at_once: int
) -> list[list[str]]:
    """The overrides of the jobs that are left, each with its place."""
    place = SweepPlace(
        run=run_id,
        digest="",
        number=0,
        jobs=len(jobs),
        before=0,
        left=0,
        at_once=at_once,
        started=time.time(),
        varied=find_varied([job.overrides for job in jobs]),
    )
    placed = []
    for before, number in enumerate(left):
        own = {"digest": digests[number], "number": number, "before": before, "left": len(left) - before}
        placed.append(with_place(jobs[number].overrides, place.model_copy(update=own)))
    return placed


def _require_none_failed(returned: Sequence[JobReturn], jobs: Sequence[CheckedJob], config: DictConfig) -> None:
    failed = sum(one.status == JobStatus.FAILED for one in returned)
    if failed:
        raise JobFailedError(
            f"{failed} of {len(jobs)} jobs failed: repeat them alone with the same command, "
            f"`{repeated_command(config)}`"
        )


def repeated_command(config: DictConfig) -> str:
    """Returns the command of a sweep or search as it was typed, but for passwords."""
    return sweep_command(_typed(config))


def _typed(config: DictConfig) -> tuple[str, ...]:
    """The overrides of the whole command, as typed but for passwords, since the tracking store keeps them."""
    own = hydra_overrides(config.hydra, "hydra/launcher", "hydra.launcher", "hydra.sweeper.search")
    return (*task_overrides(config.hydra), *map(without_password, own))


@contextmanager
def parent_run(
    config: DictConfig, settings: Settings, digest: str, *, load_report: Callable[[], Report], kind: str = "sweep"
) -> Iterator[tuple[Store, str]]:
    """Opens the parent run of a sweep or search for the length of the block, in which its jobs run.

    `settings` are those of a job. `load_report` imports what reports on the run, by its name and status, and ends it,
    before the jobs: code edited while they train does not matter at the end. `kind` is what is printed of the run.

    Yields:
        The tracking store and the run's id.
    """
    family, label = settings.family, settings.label
    # A store that does not answer is refused before TensorFlow, which takes seconds to import.
    store = connect(family=family, experiment=settings.tracking.experiment)
    import pipeline.models  # noqa: F401  # the first import of TensorFlow, which it silences

    report = load_report()
    description = describe_sweep(_typed(config), family=family, label=label)
    description = replace(description, note=f"{description.note}\n{RESUME}\n")
    run_id = open_sweep(store, digest, description, new=settings.sweep.new)
    lease = Lease(store, run_id)
    lease.start()
    name = " ".join([Path(config.hydra.sweep.dir).name, *([label] if label else [])])
    error: BaseException | None = None
    try:
        _send_unsent_jobs(store, run_id)
        yield store, run_id
    except BaseException as raised:
        error = raised
        raise
    finally:
        lease.end()
        try:
            close_abandoned(store)  # jobs that were killed
            report(store, run_id, name=name, status=status_after(error))
            pages = page_of(store.uri, store.experiment_id, run_id), page_of(store.uri, store.experiment_id)
            make_console().print("the {}: {}\nall runs: {}".format(kind, *pages), soft_wrap=True)
        except TrackingError as unreported:
            if error is None:
                raise
            if str(unreported) != str(error):
                sys.stderr.write(f"error: {unreported}\n")


def _send_unsent_jobs(store: Store, run_id: str) -> None:
    """Sends what jobs left in their spools: one whose end is there has finished and is not to be trained again."""
    jobs = {one.run_id for one in children(store, run_id)}
    for folder in find_unsent(None):
        if folder.metadata().get("run_id") in jobs:
            send_unsent(folder)


def _load_report(jobs: Sequence[CheckedJob]) -> Report:
    from pipeline.sweeps.summary import report_and_close
    from pipeline.training.family import find_family

    return partial(report_and_close, family=find_family(jobs[0].settings.family), jobs=len(jobs))
