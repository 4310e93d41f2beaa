"""The parent run of a sweep: opened before the first job, and closed with tables after the last."""

from __future__ import annotations

import os
import shlex
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.exits import FAILED, HUNG_UP, INTERRUPTED, REFUSED, TERMINATED, leave
from pipeline.settings.job import AT_ONCE, JOBS, PASSED, STARTED
from pipeline.settings.overrides import explain, task_overrides
from pipeline.sweeps.jobs import check_jobs, list_jobs
from pipeline.sweeps.workers import is_worker, join_workers, start_workers

if TYPE_CHECKING:
    from pipeline.tracking.store import Store

TRAIN = "pipeline.train"


@dataclass(frozen=True)
class OpenSweep:
    """A sweep whose parent run is open; see `report_and_close`."""

    store: Store
    run_id: str
    name: str
    family: str


# Hydra makes the callback and has no place to keep what it opens.
_open_sweeps: list[OpenSweep] = []


class SweepCallback(Callback):
    """Opens the parent run of a sweep; Hydra calls it before the first job, in the process of the command."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Checks the settings of every job and opens the parent run, which the jobs find by the sweep's folder.

        Hydra turns an error of a callback into a warning and continues, so the command ends here.
        """
        if is_worker():
            return
        try:
            self._open(config)
        except PipelineError as error:
            leave(str(error), REFUSED)
        except (HydraException, OmegaConfBaseException) as error:
            leave(explain(error), REFUSED)
        except Exception:
            traceback.print_exc()
            leave("the sweep could not be opened", FAILED)

    def _open(self, config: DictConfig) -> None:
        if os.environ.get("PIPELINE_MODULE") != TRAIN:
            raise SettingsError(f"a sweep must be of trainings (python -m {TRAIN}), each job with its own run")
        loader = GlobalHydra.instance().config_loader()
        jobs = list_jobs(config, loader)
        checked = check_jobs(config, jobs, loader)
        settings = checked[0]
        from pipeline.data.sources import ensure_fetched
        from pipeline.rendering.terminal import make_console

        console = make_console()
        for block in {one.data.file: one.data for one in checked}.values():
            ensure_fetched(block, report=console.print, progress=console.is_terminal)
        folder = Path(config.hydra.sweep.dir)
        at_once = min(settings.compute.jobs, len(jobs))
        os.environ.update({JOBS: str(len(jobs)), STARTED: str(time.time()), PASSED: "0", AT_ONCE: str(at_once)})
        resume = shlex.join([f"hydra.sweep.dir={paths.display(folder)}"])
        hint = f"Cut off? Resume with `{resume}` behind the same command."
        _open_sweeps.append(_open_parent(folder, settings, task_overrides(config.hydra), hint))
        beside = f", {at_once} at once" if at_once > 1 else ""
        opened = f"sweep of {len(jobs)} jobs{beside}. {hint.replace('`', '')}"
        console.print(opened, soft_wrap=True, markup=False)
        start_workers(TRAIN, folder, jobs=at_once)


@contextmanager
def closed_afterwards() -> Iterator[None]:
    """Closes the sweep that is opened in the block, if any: prints its tables and stores them.

    Hydra leaves out its own end-of-sweep callback after a failed job, so this context is that of the whole command.
    """
    status = "FAILED"
    try:
        with join_workers():
            yield
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    except SystemExit as left:
        status = "KILLED" if left.code in (HUNG_UP, INTERRUPTED, TERMINATED) else "FAILED"
        raise
    finally:
        while _open_sweeps:
            from pipeline.sweeps.summary import report_and_close

            report_and_close(**vars(_open_sweeps.pop()), status=status)


def _open_parent(folder: Path, settings: Settings, overrides: tuple[str, ...], hint: str) -> OpenSweep:
    from pipeline.runs.description import describe_sweep
    from pipeline.tracking.owners import close_abandoned
    from pipeline.tracking.store import connect
    from pipeline.tracking.sweeps import open_sweep

    family, label = settings.family, settings.label
    store = connect(family=family, experiment=settings.tracking.experiment, root=paths.STORE_ROOT)
    close_abandoned(store)
    description = describe_sweep(overrides, family=family, label=label)
    run_id = open_sweep(store, folder, replace(description, note=f"{description.note}\n{hint}\n"))
    return OpenSweep(store, run_id, " ".join(["sweep", folder.name, *([label] if label else [])]), family)
