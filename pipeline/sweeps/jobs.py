"""The jobs of a sweep: listed and checked before the first trains, and not trained again where they have finished."""

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from pipeline.runs.location import find_start
from pipeline.settings import paths
from pipeline.settings.composed import Settings, validate
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.job import PASSED, Job
from pipeline.settings.overrides import explain, plain, task_overrides


def list_jobs(config: DictConfig, loader: ConfigLoader | None = None) -> list[tuple[str, ...]]:
    """Lists the overrides of each job of a sweep, in the order in which Hydra calls them.

    They are every combination of the choices of every override; one on the command line replaces a sweep file's.
    `loader` is Hydra's own, which knows the choices that `glob(*)` stands for.

    Raises:
        SettingsError: An override does not list its values, as with an `interval`.
    """
    parameters: Any = OmegaConf.to_container(config.hydra.sweeper.params or OmegaConf.create())
    lines = [f"{key}={value}" for key, value in parameters.items()] + list(task_overrides(config.hydra))
    choices: dict[str, list[str]] = {}
    for override in OverridesParser.create(config_loader=loader).parse_overrides(lines):
        key = override.get_key_element()
        choices[key] = [f"{key}={value}" for value in _values(override)]
    return list(product(*choices.values()))


def check_jobs(config: DictConfig, jobs: Sequence[Sequence[str]], loader: ConfigLoader) -> list[Settings]:
    """Validates and returns the settings of each job: a wrong one is refused before the first trains.

    Raises:
        SettingsError: A job's settings are not valid, what it starts from is not there or no shorter, it repeats
            another job, or it belongs to another experiment than the first. The text names the job.
    """
    checked: list[Settings] = []
    trainings: dict[tuple[str, Path | None], int] = {}
    for number, overrides in enumerate(jobs, start=1):
        try:
            composed = loader.load_sweep_config(config, list(overrides))
            _require_no_sweep_of_its_own(composed, config)
            own = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
            settings = validate(plain(own))
            start = find_start(settings)
            checked.append(settings)
            _require_one_experiment(checked[0], settings)
            same = trainings.setdefault((settings.digest(), start.state.resolve() if start else None), number)
            if same != number:
                raise SettingsError(f"it would repeat job {same}: vary what decides a training of {settings.family}")
        except (HydraException, PipelineError) as error:
            text = explain(error) if isinstance(error, HydraException) else error
            raise SettingsError(f"job {number} of {len(jobs)}: {text}") from None
    return checked


def _require_no_sweep_of_its_own(composed: DictConfig, config: DictConfig) -> None:
    """Refuses a job that chose a sweep file: Hydra makes jobs of those files alone that the whole command chose."""
    if composed.hydra.sweeper.params != config.hydra.sweeper.params:
        raise SettingsError("`sweep` must be one file for all jobs: call the command once for each")


def _require_one_experiment(first: Settings, settings: Settings) -> None:
    """Refuses a job whose run the sweep's parent run could not have below it."""
    ours, theirs = ((one.family, one.tracking.experiment) for one in (settings, first))
    if ours != theirs:
        raise SettingsError(
            "the jobs of a sweep must be of one family and one `tracking.experiment`: call the command once for each. "
            f"Received: {' in '.join(ours)} after {' in '.join(theirs)}"
        )


def already_finished(settings: Settings, job: Job, *, digests: Mapping[str, str]) -> bool:
    """Whether a job of a resumed sweep has finished in it before; a line names the run.

    `digests` are hashes of the settings, the data and the code; a change in any trains it again.
    """
    if job.sweep is None:
        return False
    from pipeline.rendering.terminal import make_console
    from pipeline.tracking.store import connect
    from pipeline.tracking.sweeps import find_sweep, find_trained

    store = connect(family=settings.family, experiment=settings.tracking.experiment, root=paths.STORE_ROOT)
    parent = find_sweep(store, job.sweep)
    finished = find_trained(store, parent, digests) if parent else None
    if finished is None:
        return False
    make_console().print(f"{job.place}: finished already, as {finished}", soft_wrap=True, markup=False)
    os.environ[PASSED] = str(int(os.environ.get(PASSED, "0")) + 1)
    return True


def _values(override: Override) -> Iterable[str]:
    if not override.is_sweep_override():
        return [override.get_value_element_as_str()]
    if not override.is_discrete_sweep():
        address = override.key_or_group
        raise SettingsError(f"`{address}` must list its values, as in {address}=1,2. Received: {override.input_line}")
    return override.sweep_string_iterator()
