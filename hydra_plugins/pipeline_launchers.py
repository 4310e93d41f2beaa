"""The launchers of the project, which `hydra/launcher=` chooses.

Hydra executes this module at each command, so whatever takes time to import is imported within functions.
"""

from collections.abc import Sequence
from pathlib import Path

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
        """Runs jobs and returns how each ended."""
        from pipeline.sweeps.processes import run_in_processes

        return run_in_processes(job_overrides, module=MODULE, folder=self._folder, at_once=self.at_once)
