"""The launchers of the project, which `hydra/launcher=` chooses.

Hydra executes this module at each command, so whatever takes time to import is imported within functions.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

MODULE = "pipeline.train"


class LocalLauncher(Launcher):
    """Runs each job in a process of its own on this machine, `compute.jobs` at once."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keeps the sweep's folder and how many jobs run at the same time."""
        self._folder, self.at_once = Path(config.hydra.sweep.dir), int(config.compute.jobs)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Runs jobs and returns how each ended; fewer jobs than places share all processors."""
        from pipeline.sweeps.processes import do_nothing

        self.at_once = min(self.at_once, len(job_overrides))
        return self.launch_each(job_overrides, do_nothing)

    def launch_each(self, jobs: Iterable[Sequence[str]], on_end: Callable[[JobReturn], object]) -> Sequence[JobReturn]:
        """Runs jobs that are asked for one by one, as places become free; see `run_in_processes`."""
        from pipeline.sweeps.processes import run_in_processes

        return run_in_processes(jobs, module=MODULE, folder=self._folder, at_once=self.at_once, on_end=on_end)


class RayLauncher(Launcher):
    """Runs each job as a task of a Ray cluster; see `pipeline.sweeps.cluster.RayCluster` for the arguments."""

    def __init__(self, address: str, cpus: float, gpus: float) -> None:
        super().__init__()
        self._address, self._cpus, self._gpus = address, cpus, gpus

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Connects to the cluster, or refuses it."""
        from pipeline.sweeps.cluster import RayCluster

        self._folder = Path(config.hydra.sweep.dir)
        self._cluster = RayCluster(self._address, cpus=self._cpus, gpus=self._gpus)
        self.at_once, self.machines = self._cluster.at_once, self._cluster.machines

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Runs jobs and returns how each ended."""
        return self._cluster.run(job_overrides, module=MODULE, folder=self._folder)

    def launch_each(self, jobs: Iterable[Sequence[str]], on_end: Callable[[JobReturn], object]) -> Sequence[JobReturn]:
        """Runs jobs that are asked for one by one, as places become free; see `RayCluster.run`."""
        return self._cluster.run(jobs, module=MODULE, folder=self._folder, on_end=on_end)


class SlurmLauncher(Launcher):
    """Hands the jobs to SLURM as one array, by the launcher of Hydra's own that `pipeline.sweeps.slurm` finds."""

    def __init__(self, **params: Any) -> None:
        super().__init__()
        self._params, self.at_once = params, int(params["array_parallelism"])

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Finds the launcher, or refuses to."""
        from pipeline.sweeps.slurm import make_launcher

        self._launcher = make_launcher(self._params)
        self._launcher.setup(hydra_context=hydra_context, task_function=task_function, config=config)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Runs jobs and returns how each ended; a job that SLURM lost is one line."""
        from pipeline.sweeps.slurm import explaining_lost_jobs

        with explaining_lost_jobs(self._params["submitit_folder"]):
            return self._launcher.launch(job_overrides, initial_job_idx)
