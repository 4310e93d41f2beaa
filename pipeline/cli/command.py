"""The command of every stage: its settings composed, its errors in one line, its exit status.

Private names: `get_args_parser` of `hydra._internal.utils`, whose errors take several lines.
"""

import atexit
import gc
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

import hydra
import omegaconf
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pipeline.cli.output import survive_lost_output
from pipeline.data.code import require_listed_code
from pipeline.runs.interruption import leave_dead_terminals
from pipeline.settings.applicable import require_applicable
from pipeline.settings.composed import Settings, validate
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.exits import FAILED, INTERRUPTED, REFUSED, JobFailedError, leave
from pipeline.settings.job import Job, stage_of_dvc
from pipeline.settings.overrides import explain, plain, quote_texts, task_overrides
from pipeline.settings.paths import CHOICES, CODE_LISTS, NUMBERS, ROOT

SWEEPS = ROOT / "pipeline" / "sweeps"


def run(module: str, stage: Callable[[Settings, Job], None]) -> None:
    """Composes the settings of a command, `python -m MODULE`, and calls its stage, once or for each job of a sweep.

    Exits with status 2 and one line for errors that the user can fix; 130, 143 or 129 when interrupted, terminated or
    left by its terminal; 1 for a failure.
    """
    _prepare(module)
    jobs: list[DictConfig] = []
    failures: list[PipelineError] = []

    def job(composed: DictConfig) -> None:
        several = HydraConfig.get().mode == RunMode.MULTIRUN
        jobs.append(composed)
        if several:
            _run_job(module, stage, composed)
            return
        try:
            _call(module, stage, composed)
        except PipelineError as error:
            failures.append(error)

    try:
        hydra.main(version_base="1.3", config_path=str(CHOICES), config_name="config")(job)()
    except KeyboardInterrupt:
        leave("interrupted", INTERRUPTED)
    except JobFailedError as error:
        leave(str(error), FAILED)
    except PipelineError as error:
        leave(_text(error), REFUSED)
    except (HydraException, OmegaConfBaseException, AssertionError, TypeError, ValueError, OSError) as error:
        if jobs or _is_own_fault(error):
            raise
        leave(explain(error), REFUSED)
    if failures:
        leave(_text(failures[0]), REFUSED)


def _prepare(module: str) -> None:
    """Prepares the process of a command: its collector, variables, outputs, what was typed, and signals."""
    # TensorFlow and MLflow make a million objects that stay. To look through them for garbage again and again, and once
    # more at exit, takes 4 s of a process.
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    os.environ["PIPELINE_ROOT"], os.environ["PIPELINE_RUNS"] = str(NUMBERS.parent), str(ROOT / "runs")
    os.environ["PIPELINE_MODULE"] = module
    os.environ["HYDRA_FULL_ERROR"] = "1"
    survive_lost_output()
    sys.argv[1:] = quote_texts(sys.argv[1:])
    options = get_args_parser()
    options.error = _refuse_options  # type: ignore[method-assign]  # Hydra's own prints its usage, several lines
    options.parse_args(sys.argv[1:])
    signal.signal(signal.SIGTERM, _end)
    # `nohup` starts a command with this one ignored, and so it stays.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _end)
    try:
        Path.home()
    except RuntimeError:  # neither HOME nor an entry in passwd, without which MLflow cannot be imported
        os.environ["HOME"] = tempfile.gettempdir()


def _run_job(module: str, stage: Callable[[Settings, Job], None], composed: DictConfig) -> None:
    """Runs a job of a sweep in this process and prints at once why it failed.

    The error that is raised has no traceback into the stage: Hydra keeps it to the end of the sweep, and with it would
    keep the job's networks and data.
    """
    try:
        _call(module, stage, composed)
    except PipelineError as error:
        place = OmegaConf.select(composed, "sweep.place.number", default=HydraConfig.get().job.num)
        sys.stderr.write(f"error: job {place + 1}: {_text(error)}\n")
    except Exception:
        traceback.print_exc()
    else:
        return
    raise JobFailedError("a job of the sweep failed")


def _call(module: str, stage: Callable[[Settings, Job], None], composed: DictConfig) -> None:
    own = HydraConfig.get()
    require_applicable(task_overrides(own), module=module, family=str(composed.get("family")))
    settings = validate(plain(composed))
    job = Job(module, task_overrides(own), settings.family, settings.sweep.place)
    if OmegaConf.select(own.sweeper, "search.trial"):
        from pipeline.sweeps.study import make_trial

        job = make_trial(job, plain(own.sweeper)["search"], steps=settings.model.steps)
    if tracked := stage_of_dvc():
        _require_for_dvc(settings)
        require_listed_code(tracked, CODE_LISTS)
    stage(settings, job)


def _require_for_dvc(settings: Settings) -> None:
    """Refuses what is for commands by hand."""
    if settings.tracking.offline:
        raise SettingsError("`tracking.offline` is for commands by hand: DVC's stages need the tracking store")
    if settings.data.path:
        text = "`data.path` is for commands by hand: DVC's stages read data/NAME.npz, which `data.name` names"
        raise SettingsError(f"{text}. Received: {settings.data.path}")


def _text(error: PipelineError) -> str:
    """Returns what an error says; a setting with several lines in it stays on one."""
    text = str(error)
    return text.replace("\n", "\\n").replace("\r", "\\r") if isinstance(error, SettingsError) else text


def _is_own_fault(error: Exception) -> bool:
    """Whether an error is a fault of the project's code, and not Hydra's answer to what was typed."""
    if isinstance(error, HydraException | OmegaConfBaseException):
        return False
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    if any(files[-1].is_relative_to(Path(*package.__path__)) for package in (hydra, omegaconf)):
        return False
    return isinstance(error, TypeError) or any(file.is_relative_to(SWEEPS) for file in files)


def _refuse_options(message: str) -> NoReturn:
    text = " ".join(message.split())
    leave(f"{text}: an option must be one of `--help`, an override is SETTING=VALUE", REFUSED)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    leave_dead_terminals()
    raise SystemExit(128 + number)
