"""The package in which Hydra looks for plugins."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra.types import HydraContext
from omegaconf import OmegaConf

from hydra_plugins.pipeline_launchers import LocalLauncher
from pipeline.settings.paths import ROOT
from pipeline.sweeps import processes


def test_plugins_of_others_stay_visible_beside_the_projects_own(tmp_path: Path) -> None:
    other = tmp_path / "hydra_plugins" / "others.py"
    other.parent.mkdir()
    other.write_text(
        "from hydra._internal.core_plugins.basic_launcher import BasicLauncher\nclass Own(BasicLauncher): ..."
    )
    program = (
        "from hydra.core.plugins import Plugins\n"
        "print(*sorted(one.__name__ for one in Plugins.instance().discover() if 'hydra_plugins' in one.__module__))"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"LocalLauncher", "Own", "PipelineSweeper", "RayLauncher", "SlurmLauncher"} <= set(answer.stdout.split())
    assert answer.stderr == ""


@pytest.mark.parametrize(("left", "at_once"), [(1, 1), (2, 2), (5, 3)])
def test_jobs_fewer_than_places_share_all_processors(left: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def run(jobs: Sequence[Any], *, at_once: int, **_: Any) -> list[Any]:
        asked.append(at_once)
        return []

    monkeypatch.setattr(processes, "run_in_processes", run)
    launcher, context = LocalLauncher(), HydraContext(config_loader=None, callbacks=None)  # type: ignore[arg-type]
    config = OmegaConf.create({"hydra": {"sweep": {"dir": "."}}, "compute": {"jobs": 3}})
    launcher.setup(hydra_context=context, task_function=lambda _: None, config=config)
    launcher.launch([["seed=1"]] * left, initial_job_idx=0)
    assert asked == [at_once]
