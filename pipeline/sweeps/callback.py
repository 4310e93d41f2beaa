"""A sweep around its jobs: a parent run, opened before the first job and closed with tables after the last."""

from __future__ import annotations

import os
import shlex
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pipeline.settings.composed import Settings, validate
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.exits import FAILED, INTERRUPTED, REFUSED, TERMINATED, leave
from pipeline.settings.job import AT_ONCE, JOBS, PASSED, STARTED, Job
from pipeline.settings.overrides import explain, plain, task_overrides
from pipeline.settings.paths import STORE_ROOT, display
from pipeline.sweeps.workers import is_worker, join_workers, start_workers

if TYPE_CHECKING:
    from pipeline.tracking.store import Store

TRAIN = "pipeline.train"

_opened: list[tuple[Store, str, str, str]] = []


class SweepCallback(Callback):
    """Opens the parent run of a sweep; Hydra calls it before the first job, in the process of the command."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Checks the settings of every job and opens the parent run, which the jobs find by the sweep's folder.

        Hydra turns an error of a callback into a warning and goes on, so the command ends here.

        Args:
            config: The sweep's configuration.
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
        settings = check_jobs(config, jobs, loader)[0]
        from pipeline.rendering.terminal import make_console
        from pipeline.runs.description import describe_sweep
        from pipeline.tracking.owners import close_abandoned
        from pipeline.tracking.store import connect
        from pipeline.tracking.sweeps import open_sweep

        folder = Path(config.hydra.sweep.dir)
        at_once = min(settings.compute.jobs, len(jobs))
        os.environ.update({JOBS: str(len(jobs)), STARTED: str(time.time()), PASSED: "0", AT_ONCE: str(at_once)})
        store = connect(family=settings.family, experiment=settings.tracking.experiment, root=STORE_ROOT)
        close_abandoned(store)
        overrides = task_overrides(config.hydra)
        again = f"Cut off? Go on with `{shlex.join(['hydra.sweep.dir=' + display(folder)])}` behind the same command."
        description = describe_sweep(overrides, family=settings.family, label=settings.label)
        run_id = open_sweep(store, folder, replace(description, note=f"{description.note}\n{again}\n"))
        name = " ".join(["sweep", folder.name, *([settings.label] if settings.label else [])])
        _opened.append((store, run_id, name, settings.family))
        beside = f", {at_once} at once" if at_once > 1 else ""
        make_console().print(
            f"sweep of {len(jobs)} jobs{beside}. {again.replace('`', '')}", soft_wrap=True, markup=False
        )
        start_workers(TRAIN, folder, jobs=at_once)


@contextmanager
def closed_afterwards() -> Iterator[None]:
    """Closes the sweep that was opened within, if any, prints its tables and stores them.

    Hydra leaves out its own end-of-sweep callback after a failed job, so this stands around the whole command.
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
        status = "KILLED" if left.code in (INTERRUPTED, TERMINATED) else "FAILED"
        raise
    finally:
        while _opened:
            from pipeline.sweeps.summary import report_and_close

            store, run_id, name, family = _opened.pop()
            report_and_close(store, run_id, name=name, family=family, status=status)


def already_finished(settings: Settings, job: Job, *, digests: Mapping[str, str]) -> bool:
    """Tells whether a job of a sweep that was taken up again has been trained in it already, and says so.

    Args:
        settings: What the job is set to.
        job: How it was called.
        digests: Hashes of the settings, the data and the code; a change in any trains it again.
    """
    if job.sweep is None:
        return False
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.store import connect
    from pipeline.tracking.sweeps import find_sweep, find_trained

    store = connect(family=settings.family, experiment=settings.tracking.experiment, root=STORE_ROOT)
    parent = find_sweep(store, job.sweep)
    trained = find_trained(store, parent, digests) if parent else None
    if trained is None:
        return False
    make_console().print(f"{job.place}: trained already, as {trained}", soft_wrap=True, markup=False)
    os.environ[PASSED] = str(int(os.environ.get(PASSED, "0")) + 1)
    return True


def list_jobs(config: DictConfig, loader: ConfigLoader | None = None) -> list[tuple[str, ...]]:
    """Gives the overrides of each job of a sweep, in the order in which Hydra calls them.

    Args:
        config: The sweep's configuration.
        loader: Hydra's own, which knows the choices that `glob(*)` stands for.

    Returns:
        Every combination of the choices of every override; one on the command line replaces a sweep file's.

    Raises:
        SettingsError: A choice cannot be swept, as with an `interval`.
    """
    swept: Any = OmegaConf.to_container(config.hydra.sweeper.params or OmegaConf.create())
    lines = [f"{key}={value}" for key, value in swept.items()] + list(task_overrides(config.hydra))
    choices: dict[str, list[str]] = {}
    for override in OverridesParser.create(config_loader=loader).parse_overrides(lines):
        key = override.get_key_element()
        choices[key] = [f"{key}={value}" for value in _values(override)]
    return list(product(*choices.values()))


def _values(override: Override) -> Iterable[str]:
    if not override.is_sweep_override():
        return [override.get_value_element_as_str()]
    if not override.is_discrete_sweep():
        address = override.key_or_group
        raise SettingsError(f"`{address}` must list its values, as in {address}=1,2. Received: {override.input_line}")
    return override.sweep_string_iterator()


def check_jobs(config: DictConfig, jobs: Sequence[Sequence[str]], loader: ConfigLoader) -> list[Settings]:
    """Gives the settings of each job, so that a wrong one is refused before the first trains.

    Args:
        config: The sweep's configuration.
        jobs: The overrides of each job.
        loader: Hydra's own.

    Raises:
        SettingsError: A job's settings are not sound; the text says which job's.
    """
    checked = []
    for number, overrides in enumerate(jobs, start=1):
        try:
            composed = loader.load_sweep_config(config, list(overrides))
            own = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
            checked.append(validate(plain(own)))
        except (HydraException, SettingsError) as error:
            text = explain(error) if isinstance(error, HydraException) else error
            raise SettingsError(f"job {number} of {len(jobs)}: {text}") from None
    return checked
