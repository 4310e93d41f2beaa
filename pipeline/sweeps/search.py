"""A search: trials that Optuna proposes, each a job under one parent run, until there are as many as asked for."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig

from pipeline.data.code import SHORT_DIGEST, combined_digest
from pipeline.data.files import locked
from pipeline.settings.errors import SettingsError
from pipeline.settings.exits import JobFailedError
from pipeline.settings.job import SweepPlace, with_family
from pipeline.settings.overrides import hydra_overrides, plain
from pipeline.settings.search import ADDRESS, SearchSettings, read_search
from pipeline.sweeps.jobs import CheckedJob, check_jobs, digest_jobs, read_place, with_place
from pipeline.sweeps.processes import require_no_jobs
from pipeline.sweeps.storage import one_line_storage_errors
from pipeline.sweeps.study import Study, overrides_of
from pipeline.sweeps.sweep import RESUME, Report, choose_launcher, parent_run, prepare_data, repeated_command
from pipeline.tracking.owners import close_abandoned
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import SweepChild, children


def run_search(
    listed: Sequence[Sequence[str]], config: DictConfig, *, loader: ConfigLoader, make_launcher: Callable[[], Launcher]
) -> Sequence[JobReturn]:
    """Runs the trials of a search that are left, under the parent run of an earlier command for it if there is one.

    `listed` are the overrides of the command, one list of them.

    Raises:
        SettingsError: A setting is wrong, lists values, or is both searched and overridden; or a report lacks an
            objective.
        SearchError: Optuna is not installed, or its storage does not answer.
        JobFailedError: No trial has come to its end.
        LockedError: Another command runs the same search, or trials of one that was killed still run.
    """
    search = read_search(plain(config.hydra.sweeper)["search"])
    _require_one_job(listed, config, search)
    compose = _composer(listed[0], config, loader)
    own = compose()
    for end in ("low", "between", "high"):
        compose(*overrides_of({name: getattr(one, end) for name, one in search.space.items()}))
    study = Study(search, seed=own.settings.seed)
    console = prepare_data([own])
    digest = combined_digest(*digest_jobs([own]), json.dumps(search.identity, sort_keys=True))
    load_report = partial(_load_report, study, with_family(listed[0], own.settings.family))
    with locked(folder := choose_launcher(config, digest)):
        require_no_jobs(folder)
        launcher = make_launcher()
        require_shared_storage(launcher, search)
        parent = parent_run(config, own.settings, digest, load_report=load_report, kind="search")
        with one_line_storage_errors(search.storage), parent as (store, run_id):
            study.open(f"{digest[:SHORT_DIGEST]}-{run_id[:SHORT_DIGEST]}", own.settings.parameters())
            at_once = getattr(launcher, "at_once", 1)
            trials = Trials(study, store, run_id, compose=compose, at_once=at_once)
            trials.settle()
            counted = f"{search.trials} {'trial' if search.trials == 1 else 'trials'}"
            console.print(f"search of {counted}, {study.left} left. {RESUME}", soft_wrap=True)
            returned = launch_each(launcher, trials, trials.on_end)
            if trials.lost:
                raise JobFailedError(
                    f"{len(trials.lost)} of {search.trials} trials were cut off: the same command resumes them, "
                    f"`{repeated_command(config)}`"
                )
            if not study.values():
                raise JobFailedError(f"none of {search.trials} trials has come to its end: its run says why")
            return returned


@dataclass
class Trials(Iterable[list[str]]):
    """The trials of a search that are left, proposed as they are asked for, and told of as they end.

    Attributes:
        study: The study.
        store: The tracking store.
        run_id: The search's parent run.
        compose: Composes the job of a trial from the overrides that are its own.
        at_once: Trials that run at the same time.
        lost: The numbers of trials whose processes were killed, which the next command resumes.
    """

    study: Study
    store: Store
    run_id: str
    compose: Callable[..., CheckedJob]
    at_once: int
    lost: set[int] = field(default_factory=set)
    _started: float = field(default_factory=time.time)
    _asked: int = 0
    _under_way: set[int] = field(default_factory=set)

    def __iter__(self) -> Iterator[list[str]]:
        """Yields the overrides of each trial, with its place."""
        while (left := self.study.left - len(self._under_way)) > 0:
            trial, values = self.study.ask()
            if self.study.tell_known(trial.number):
                continue
            self._under_way.add(trial.number)
            try:
                job = self.compose(*values)
            except SettingsError:  # or the same command would propose it again
                self.study.tell_failed(trial.number)
                raise
            (digest,) = digest_jobs([job])
            place = SweepPlace(
                run=self.run_id,
                digest=digest,
                number=trial.number,
                jobs=self.study.search.trials,
                before=self._asked,
                left=left,
                at_once=self.at_once,
                started=self._started,
            )
            self._asked += 1
            yield [*with_place(job.overrides, place), f"+{ADDRESS}.trial={trial.as_override}"]

    def on_end(self, returned: JobReturn) -> None:
        """Reports to the study how a trial ended.

        One that was cut off, or whose end waits in its spool, is left for the next command.
        """
        number = read_place(returned.overrides or ()).number
        if returned.status == JobStatus.FAILED and self._was_cut_off(number):
            self.lost.add(number)
            return
        if returned.status == JobStatus.FAILED:
            self.study.tell_failed(number)
        elif not self._tell(number):
            return
        self._under_way.discard(number)

    def settle(self) -> None:
        """Reports trials to the study that ended after their command, and replaces those that were cut off."""
        for number in self.study.running():
            if not self._tell(number):
                self.study.replace(number)

    def _tell(self, number: int) -> bool:
        """Reports a trial whose run has finished, and returns whether it has."""
        run = self._run(number)
        if run is None or run.status != "FINISHED":
            return False
        if run.pruned:
            self.study.tell_pruned(number)
        else:
            self.study.tell(number, run.measures)
        return True

    def _was_cut_off(self, number: int) -> bool:
        """Whether the process of a trial was killed, rather than ended by an error."""
        close_abandoned(self.store)
        run = self._run(number)
        return run is not None and run.status == "KILLED"

    def _run(self, number: int) -> SweepChild | None:
        runs = [one for one in children(self.store, self.run_id) if one.trial == number]
        return runs[-1] if runs else None


def launch_each(
    launcher: Launcher, jobs: Iterable[Sequence[str]], on_end: Callable[[JobReturn], object]
) -> list[JobReturn]:
    """Launches jobs as a launcher has places for them: one at a time unless it has more."""
    if hasattr(launcher, "launch_each"):
        return list(launcher.launch_each(jobs, on_end))
    ended: list[JobReturn] = []
    for job in jobs:
        ended += launcher.launch([job], initial_job_idx=0)
        on_end(ended[-1])
    return ended


def require_shared_storage(launcher: Launcher, search: SearchSettings) -> None:
    """Refuses a study in a file of this machine, where the trials run on several.

    Raises:
        SettingsError: The storage is SQLite's, and the launcher has several machines.
    """
    if getattr(launcher, "machines", 1) > 1 and search.storage.startswith("sqlite"):
        raise SettingsError(
            f"`{ADDRESS}.storage` must be a database that all machines of the cluster reach, such as PostgreSQL: "
            f"SQLite is a file of one machine. Received: {search.storage}"
        )


def _composer(overrides: Sequence[str], config: DictConfig, loader: ConfigLoader) -> Callable[..., CheckedJob]:
    """Returns what composes the job of a trial from the overrides that are its own, beside those of the command."""
    # As typed: an interpolation keeps a password out of the list of processes.
    handed_on = [*overrides, *hydra_overrides(config.hydra, f"{ADDRESS}.", f"{ADDRESS}=")]
    return lambda *values: check_jobs(config, [[*handed_on, *values]], loader)[0]


def _require_one_job(listed: Sequence[Sequence[str]], config: DictConfig, search: SearchSettings) -> None:
    if len(listed) > 1 or config.hydra.sweeper.params:
        raise SettingsError("a search must not be a sweep too: give each setting one value, and no +sweep=")
    if (launcher := config.hydra.runtime.choices["hydra/launcher"]) == "slurm":
        raise SettingsError(f"`hydra/launcher` must be basic, local or ray for a search. Received: {launcher}")
    for word in listed[0]:
        address = word.lstrip("+").partition("=")[0]
        if any(f"{searched}.".startswith(f"{address}.") for searched in search.space):
            raise SettingsError(f"`{address}` is searched: leave it out. Received: {word}")


def _load_report(study: Study, overrides: Sequence[str]) -> Report:
    from pipeline.sweeps.candidates import report_and_close

    return partial(report_and_close, study, overrides)
