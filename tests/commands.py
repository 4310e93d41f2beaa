"""Commands called in the process of the tests, which stays as it was."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import command
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job

Stage = Callable[[Settings, Job], None]
SET = ("PIPELINE_ROOT", "PIPELINE_RUNS", "PIPELINE_MODULE", "HYDRA_FULL_ERROR")


def call_command(stage: Stage, *words: str, module: str = "pipeline.train") -> int:
    """Calls a stage as `python -m MODULE` calls its own; returns the exit status."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in SET:
            patch.setenv(variable, "")
        patch.setattr(signal, "signal", lambda number, handler: None)
        patch.setattr(sys, "argv", [module, *words])
        try:
            command.run(module, stage)
        except SystemExit as end:
            return int(end.code or 0)
    return 0


def apart(folder: Path) -> tuple[str, ...]:
    """Words with which a command writes into a folder alone, and a sweep has no run of its own."""
    return f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}/sweep", "hydra/sweeper=basic"
