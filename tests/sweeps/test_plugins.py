"""The package in which Hydra looks for plugins."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.settings.paths import ROOT


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
