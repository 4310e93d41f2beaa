"""A sweep around its jobs: a parent run, opened before the first job and closed with a table after the last."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from pipeline.session.command import REFUSED, Job, leave, plain, task_overrides
from pipeline.settings.composed import validate
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.paths import STORE_ROOT

if TYPE_CHECKING:
    from pipeline.tracking.store import Store

TRAIN = "pipeline.train"
JOBS, STARTED = "PIPELINE_SWEEP_JOBS", "PIPELINE_SWEEP_STARTED"

_opened: list[tuple[Store, str, Path, str]] = []


class SweepCallback(Callback):
    """Opens the parent run of a sweep; Hydra calls it before the first job, in the process of the command."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Counts the jobs and opens the parent run, which the jobs find by the sweep's folder.

        Hydra turns an error of a callback into a warning, so what the user can mend ends the command here.

        Args:
            config: The sweep's configuration.
        """
        try:
            self._open(config)
        except PipelineError as error:
            leave(str(error), REFUSED)

    def _open(self, config: DictConfig) -> None:
        if os.environ.get("PIPELINE_MODULE") != TRAIN:
            raise SettingsError(f"a sweep must be of trainings (python -m {TRAIN}), each job with its own run")
        settings = validate(plain(OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])))
        from pipeline.session.cards import sweep_card
        from pipeline.tracking.owners import close_abandoned
        from pipeline.tracking.store import connect
        from pipeline.tracking.sweeps import open_sweep

        os.environ[JOBS], os.environ[STARTED] = str(count_jobs(config)), str(time.time())
        folder = Path(config.hydra.sweep.dir)
        store = connect(family=settings.family, experiment=settings.tracking.experiment, root=STORE_ROOT)
        close_abandoned(store)
        overrides = task_overrides(config.hydra)
        run_id = open_sweep(store, folder, sweep_card(overrides, family=settings.family, label=settings.label))
        _opened.append((store, run_id, folder, settings.family))


@contextmanager
def closed_afterwards() -> Iterator[None]:
    """Closes the sweep that was opened within, if any, prints its table and stores it.

    Hydra leaves out its own end-of-sweep callback after a failed job, so this stands around the whole command.
    """
    status = "FAILED"
    try:
        yield
        status = "FINISHED"
    except (KeyboardInterrupt, SystemExit):
        status = "KILLED"
        raise
    finally:
        while _opened:
            _close(*_opened.pop(), status=status)


def describe_place(job: Job) -> str:
    """Gives a job's place in its sweep and the time left: `job 2 of 4, 0:12:30 left`; empty outside a sweep."""
    if job.sweep is None:
        return ""
    jobs = int(os.environ.get(JOBS, job.number + 1))
    place = f"job {job.number + 1} of {jobs}"
    if job.number == 0:
        return place
    taken = time.time() - float(os.environ[STARTED])
    left = timedelta(seconds=round(taken / job.number * (jobs - job.number)))
    return f"{place}, {left} left in the sweep"


def count_jobs(config: DictConfig) -> int:
    """Counts the jobs of a sweep.

    Args:
        config: The sweep's configuration.

    Returns:
        The product of the number of choices of every override; one on the command line replaces a sweep file's.
    """
    swept: Any = OmegaConf.to_container(config.hydra.sweeper.params or OmegaConf.create())
    lines = [f"{key}={value}" for key, value in swept.items()] + list(task_overrides(config.hydra))
    overrides = {override.key_or_group: override for override in OverridesParser.create().parse_overrides(lines)}
    return prod(len(list(one.sweep_iterator())) for one in overrides.values() if one.is_sweep_override())


def _close(store: Store, run_id: str, folder: Path, family: str, *, status: str) -> None:
    from pipeline.rendering.tables import sweep_table
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.sweeps import children, close_sweep

    jobs = children(store, run_id)
    headline = _headline(family) if jobs else ()
    shown = [
        {"run": job.name, "status": job.status}
        | {key.split("/", 2)[2]: job.measures[key] for key in headline if key in job.measures}
        for job in jobs
    ]
    close_sweep(store, run_id, [job.row for job in jobs], shown=shown, status=status)
    if shown:
        make_console().print(sweep_table(shown, title=f"sweep {folder.name}: {status.lower()}, held-out losses"))


def _headline(family: str) -> tuple[str, ...]:
    from pipeline.training.family import find_family

    return find_family(family).headline
