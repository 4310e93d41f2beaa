"""The sweeper of the project, chosen in conf/config.yaml.

Hydra executes this module at each command, so whatever takes time to import is imported within functions.

Private names: `BasicSweeper` of `hydra._internal`, which Hydra itself sweeps with.
"""

from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class PipelineSweeper(BasicSweeper):
    """Runs the jobs that Hydra's own sweeper would, as one sweep with a parent run; see `pipeline.sweeps.sweep`.

    With `search` it runs those that Optuna proposes; see `pipeline.sweeps.search`.
    """

    def __init__(self, params: Any = None, search: Any = None) -> None:
        super().__init__(max_batch_size=None, params=params)
        self._search = search

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keeps what a launcher is made of: it is made once the jobs have been checked."""
        self._parts: dict[str, Any] = {"hydra_context": hydra_context, "task_function": task_function, "config": config}

    def sweep(self, arguments: list[str]) -> Any:
        """Runs the sweep of a command's overrides and its sweep file's."""
        from pipeline.sweeps.jobs import check_jobs, list_jobs, require_own_choices

        config, loader = self._parts["config"], self._parts["hydra_context"].config_loader
        require_own_choices(config)
        lines = [*self._parse_config(), *arguments]
        listed = list_jobs(OverridesParser.create(config_loader=loader).parse_overrides(lines))
        if self._search is not None:
            from pipeline.sweeps.search import run_search

            return run_search(listed, config, loader=loader, make_launcher=self._make_launcher)
        jobs = check_jobs(config, listed, loader)
        from pipeline.sweeps.sweep import run_sweep  # and with it MLflow, which takes seconds

        return run_sweep(jobs, config, make_launcher=self._make_launcher)

    def _make_launcher(self) -> Launcher:
        return Plugins.instance().instantiate_launcher(**self._parts)
