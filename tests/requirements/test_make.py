"""What make passes to its commands."""

import os
import subprocess

from pipeline.settings.paths import ROOT


def test_commands_keep_the_bytecode_of_what_they_import() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "--eval", 'show: ; @echo "[$$PYTHONDONTWRITEBYTECODE]"', "show"],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "[]\n"
