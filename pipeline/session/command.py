"""What every stage's command shares: composing its settings, one-line errors and the exit status."""

import os
import re
import shlex
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pipeline.settings.composed import Settings, known_addresses, suggest, validate
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.paths import ROOT

FAILED, REFUSED, INTERRUPTED, TERMINATED = 1, 2, 130, 143


class JobFailedError(PipelineError):
    """A job of a sweep failed; why was said when it did."""


@dataclass(frozen=True)
class Job:
    """How a stage was called.

    Attributes:
        module: The stage, as in `python -m MODULE`.
        overrides: What was overridden on the command line or by a sweep.
        family: The family that is chosen, which a sweep's file may do.
        sweep: The sweep's folder; none outside a sweep.
        number: The job's number in its sweep, from 0.
    """

    module: str
    overrides: tuple[str, ...]
    family: str | None = None
    sweep: Path | None = None
    number: int = 0

    @property
    def command(self) -> str:
        """The command that repeats this job alone, outside its sweep."""
        own = [override for override in self.overrides if not override.startswith("+sweep=")]
        chosen = any(override.startswith("model=") for override in own)
        model = [f"model={self.family}"] if self.sweep and self.family and not chosen else []
        return shlex.join(["python", "-m", self.module, *model, *own])


def run(
    module: str,
    stage: Callable[[Settings, Job], None],
    *,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Composes the settings of a command and calls its stage, once or for each job of a sweep.

    Exits with status 2 for what the user can mend, in one line; 130 or 143 when interrupted; 1 for a failure.

    Args:
        module: The stage's module, as in `python -m MODULE`.
        stage: What to call.
        around: What is entered before the first job and left after the last.
    """
    os.environ["PIPELINE_ROOT"] = str(ROOT)
    os.environ["PIPELINE_MODULE"] = module
    os.environ["PIPELINE_PROCESS"] = str(os.getpid())
    os.environ["HYDRA_FULL_ERROR"] = "1"
    signal.signal(signal.SIGTERM, _terminate)
    jobs: list[Job] = []
    failures: list[PipelineError] = []

    def job(composed: DictConfig) -> None:
        described = _describe_job(module, composed)
        jobs.append(described)
        if described.sweep:
            _run_job(stage, composed, described)
            return
        try:
            stage(validate(plain(composed)), described)
        except PipelineError as error:
            failures.append(error)

    try:
        with around():
            hydra.main(version_base="1.3", config_path=str(ROOT / "conf"), config_name="config")(job)()
    except KeyboardInterrupt:
        leave("interrupted", INTERRUPTED)
    except JobFailedError as error:
        leave(str(error), FAILED)
    except PipelineError as error:
        leave(str(error), REFUSED)
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        if jobs:
            raise
        leave(explain(error), REFUSED)
    if failures:
        leave(str(failures[0]), REFUSED)


def _run_job(stage: Callable[[Settings, Job], None], composed: DictConfig, job: Job) -> None:
    """Runs a job of a sweep and tells at once why it failed.

    The error that goes on has no traceback into the stage: Hydra keeps it to the end of the sweep, and with it would
    keep the job's networks and data.
    """
    try:
        stage(validate(plain(composed)), job)
    except PipelineError as error:
        sys.stderr.write(f"error: job {job.number + 1}: {error}\n")
    except Exception:
        traceback.print_exc()
    else:
        return
    raise JobFailedError("a job of the sweep failed")


def stage_of_dvc() -> str | None:
    """Gives the stage that DVC is running this command for, such as `train@acgan`; none by hand."""
    return os.environ.get("DVC_STAGE")


def task_overrides(config: Any) -> tuple[str, ...]:
    """Gives a command's overrides as typed, interpolations unresolved, from Hydra's own configuration."""
    lines: Any = OmegaConf.to_container(config.overrides.task, resolve=False)
    return tuple(lines)


def _describe_job(module: str, composed: DictConfig) -> Job:
    config = HydraConfig.get()
    overrides, family = task_overrides(config), composed.get("family")
    if config.mode != RunMode.MULTIRUN:
        return Job(module, overrides, family)
    return Job(module, overrides, family, sweep=Path(config.sweep.dir), number=int(config.job.num))


def plain(composed: DictConfig) -> dict[str, Any]:
    """Gives a composed configuration as plain values.

    Raises:
        SettingsError: A value is missing or cannot be resolved.
    """
    try:
        values: Any = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise SettingsError(f"`{error.full_key}` has no value: {_one_line(error)}") from None
    return {str(key): value for key, value in values.items()}


def explain(error: Exception) -> str:
    """Gives an error of Hydra's or OmegaConf's as one line that names the setting."""
    text = str(error)
    if isinstance(error, OverrideParseException):
        return f"`{error.override}` must be SETTING=VALUE, quoted where it holds spaces or brackets: {_one_line(error)}"
    if unknown := re.search(r"Could not override '([^']+)'", text):
        return _explain_unknown(getattr(error.__cause__, "full_key", None) or unknown[1])
    if twice := re.search(r"Multiple values for (\w+)", text):
        return f"`{twice[1]}` has a choice already: write {twice[1]}=CHOICE, without the +"
    if missing := re.search(r"Could not find '([^']+)/([^'/]*)'", text):
        return f"`{missing[1]}` must be one of conf/{missing[1]} ({_choices(missing[1])}). Received: {missing[2]}"
    return " ".join(text.split())


def _explain_unknown(address: str) -> str:
    if choices := _choices(address):
        return f"`{address}` has no choice yet: write +{address}=CHOICE, with the + ({choices})"
    return f"`{address}` is not a setting{suggest(address, known_addresses())}"


def _choices(group: str) -> str:
    return ", ".join(sorted(file.stem for file in (ROOT / "conf" / group).glob("*.yaml")))


def _one_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)


def leave(text: str, status: int) -> NoReturn:
    """Ends the command with one line on standard error and an exit status."""
    sys.stderr.write(f"error: {text}\n")
    raise SystemExit(status)
