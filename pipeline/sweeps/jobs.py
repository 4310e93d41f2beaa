"""The jobs of a sweep: listed and checked before the first trains, each with what decides it.

Private names: `BasicSweeper.split_arguments` of `hydra._internal`, which combines the choices of overrides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from pipeline.data.code import code_digest, combined_digest, stage_code
from pipeline.data.digests import file_digest
from pipeline.runs.folder import RunFiles
from pipeline.runs.location import find_start
from pipeline.settings.applicable import require_applicable
from pipeline.settings.composed import Settings, validate
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.job import SweepPlace
from pipeline.settings.overrides import explain, plain, quote, without_place

TRAIN = "pipeline.train"
_PLACE = "sweep.place"


@dataclass(frozen=True)
class CheckedJob:
    """A job of a sweep with settings that are valid.

    Attributes:
        overrides: Its overrides, without its place in the sweep.
        settings: Its settings.
        start: The finished training that it starts from, or None.
    """

    overrides: tuple[str, ...]
    settings: Settings[Any]
    start: RunFiles | None


def list_jobs(overrides: Sequence[Override]) -> list[list[str]]:
    """Lists the overrides of each job of a sweep: every combination of the choices of every override.

    Of two overrides of one address, the later is taken.

    Raises:
        SettingsError: An override does not list its values, as with an `interval`.
    """
    for override in overrides:
        if override.is_sweep_override() and not override.is_discrete_sweep():
            address = override.key_or_group
            raise SettingsError(
                f"`{address}` must list its values, as in {address}=1,2. Received: {override.input_line}"
            )
    (jobs,) = BasicSweeper.split_arguments(list(overrides), None)
    return jobs


def require_own_choices(config: DictConfig) -> None:
    """Refuses choices of other folders where each job is a command of its own, which would not find them.

    Raises:
        SettingsError: `--config-dir` or `hydra.searchpath` names such a folder.
    """
    runtime = config.hydra.runtime
    if config.compute.jobs != 1 or runtime.choices["hydra/launcher"] in ("local", "ray"):
        for source in runtime.config_sources:
            if "command-line" in source.provider:
                raise SettingsError(
                    "choices must be in conf/ where each job is a command of its own: put them there, or leave out "
                    f"`hydra/launcher` and `compute.jobs`. Received: {source.path}"
                )


def check_jobs(config: DictConfig, jobs: Sequence[Sequence[str]], loader: ConfigLoader) -> list[CheckedJob]:
    """Validates the settings of each job of a sweep: a wrong one is refused before the first trains.

    Raises:
        SettingsError: A job's settings are not valid or not for what it trains, what it starts from is not there or no
            shorter, it repeats another job, or it belongs to another experiment than the first. The text names the job.
    """
    checked: list[CheckedJob] = []
    trainings: dict[tuple[str, Path | None], int] = {}
    for number, overrides in enumerate(jobs, start=1):
        try:
            composed = loader.load_sweep_config(config, list(overrides))
            _require_no_sweep_of_its_own(composed, config)
            own = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
            require_applicable(overrides, module=TRAIN, family=str(own.get("family")))
            settings = validate(plain(own))
            start = find_start(settings)
            checked.append(CheckedJob(without_place(overrides), settings, start))
            _require_one_experiment(checked[0].settings, settings)
            same = trainings.setdefault((settings.digest(), start.state.resolve() if start else None), number)
            if same != number:
                raise SettingsError(f"it would repeat job {same}: vary what decides a training of {settings.family}")
        except (HydraException, PipelineError) as error:
            text = explain(error) if isinstance(error, HydraException) else error
            raise SettingsError(f"job {number} of {len(jobs)}: {text}") from None
    return checked


def digest_jobs(jobs: Sequence[CheckedJob]) -> list[str]:
    """Returns the SHA-256 of what decides each job: its settings, its data, its code and what it starts from.

    The jobs are of one family, and the data's file must be there.
    """
    code = code_digest(stage_code("train", jobs[0].settings.family))
    data = {file: file_digest(file) for file in {job.settings.data.file for job in jobs}}
    start = [[file_digest(job.start.state)] if job.start else [] for job in jobs]
    return [
        combined_digest(job.settings.digest(), data[job.settings.data.file], code, *begun)
        for job, begun in zip(jobs, start, strict=True)
    ]


def find_varied(jobs: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Returns the addresses of the overrides in which jobs differ, in the order of the first job's."""
    values = [dict(word.lstrip("+").partition("=")[::2] for word in overrides) for overrides in jobs]
    addresses = dict.fromkeys(address for one in values for address in one)
    return tuple(address for address in addresses if len({one.get(address) for one in values}) > 1)


def with_place(overrides: Sequence[str], place: SweepPlace) -> list[str]:
    """Returns a job's overrides with its place in the sweep, which is so handed on whatever the launcher."""
    values = place.model_dump(exclude={"varied"}).items()
    pairs = [f"{name}: {quote(value) if isinstance(value, str) else value}" for name, value in values]
    pairs.append(f"varied: [{', '.join(map(quote, place.varied))}]")
    return [*overrides, f"{_PLACE}={{{', '.join(pairs)}}}"]


def read_place(overrides: Sequence[str]) -> SweepPlace:
    """Returns the place in the sweep that `with_place` added to a job's overrides."""
    (line,) = (override for override in overrides if override.startswith(f"{_PLACE}="))
    return SweepPlace.model_validate(OverridesParser.create().parse_overrides([line])[0].value())


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
