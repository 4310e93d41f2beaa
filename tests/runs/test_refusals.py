"""A longer training is refused or begun before anything heavy is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runs.folder import LAYOUT
from tests.cli.test_command import WITHOUT_TENSORFLOW

pytestmark = pytest.mark.slow


def refused(tmp_path: Path, family: str, steps: int) -> str:
    """What a training says that starts from 600 steps of a family, and exits with 2."""
    (tmp_path / "models").mkdir()
    metadata = {"layout": LAYOUT, "steps": 600, "settings": {family: {}}}
    (tmp_path / "models" / "run.json").write_text(json.dumps(metadata), encoding="utf-8")
    words = ("pipeline.train", f"acgan.steps={steps}", f"start_from='{tmp_path.as_posix()}'")
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, *words], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    return answer.stderr


@pytest.mark.parametrize("steps", [500, 600])
def test_a_training_no_longer_than_its_start_is_refused_before_tensorflow_loads(steps: int, tmp_path: Path) -> None:
    assert refused(tmp_path, "acgan", steps) == (
        f"error: `acgan.steps` must be above 600, which `start_from` has taken already. Received: {steps}\n"
    )


def test_a_start_from_another_family_is_refused_before_tensorflow_is_imported(tmp_path: Path) -> None:
    said = refused(tmp_path, "vae", 500)
    assert said.startswith("error: ")
    assert said.endswith("must hold a training of acgan: choose its model=FAMILY\n")
