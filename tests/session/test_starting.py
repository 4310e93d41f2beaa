"""A longer training is refused or begun before anything heavy is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.session.test_command import WITHOUT_TENSORFLOW


@pytest.mark.parametrize("steps", [500, 600])
def test_a_training_no_longer_than_what_it_starts_from_is_refused_before_tensorflow_is_imported(
    steps: int, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "run.json").write_text(json.dumps({"steps": 600}), encoding="utf-8")
    words = ("pipeline.train", f"acgan.steps={steps}", f"start_from='{tmp_path.as_posix()}'")
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, *words], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert answer.stderr == (
        f"error: `acgan.steps` must be above 600, which `start_from` has taken already. Received: {steps}\n"
    )
