"""Output that is closed or full: a command goes on, and says so in one line where it can."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings.paths import ROOT
from tests.projects import Finished, Project

pytestmark = pytest.mark.slow

# A command that prints more than a pipe holds, marks its end, and trains nothing.
STAGE = """
from pathlib import Path
from pipeline.cli import command
from pipeline.rendering.terminal import make_console

def stage(settings, job):
    for number in range(3000):
        make_console().print(f"line {number} " + "x" * 100)
    Path("end").touch()

command.run("pipeline.train", stage)
"""
FULL = "warning: the output cannot be written (No space left on device): the command goes on without it\n"
CLOSED = "warning: the output cannot be written (Broken pipe): the command goes on without it\n"


def shell(line: str, folder: Path, program: str = STAGE) -> Finished:
    """What bash makes of a line in which `train` is a command; the status is its own, not that of a pipe's end."""
    head = f'train() {{ {shlex.quote(sys.executable)} -c {shlex.quote(program)} "$@"; }}\n'
    tail = "\nexit ${PIPESTATUS[0]}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = ["bash", "-c", head + line + tail]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("line", "out", "err"),
    [
        ("train | head -1", "line 0 " + "x" * 100 + "\n", CLOSED),
        ("train > /dev/full", "", FULL),
        ("train > /dev/full 2>&1", "", ""),
        ("train >&-", "", ""),
        ("train >&- 2>&-", "", ""),
    ],
)
def test_a_closed_or_full_output_does_not_fail_a_command(line: str, out: str, err: str, tmp_path: Path) -> None:
    answer = shell(line, tmp_path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, out, err)
    assert (tmp_path / "end").exists()


@pytest.mark.parametrize("line", ["train acgan.steps=0 2> /dev/full", "train acgan.steps=0 2>&-"])
def test_a_refusal_that_cannot_be_printed_is_still_one(line: str, tmp_path: Path) -> None:
    answer = shell(line, tmp_path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (2, "", "")


@pytest.mark.parametrize("line", ["train --help | head -1", "train --help > /dev/full", "train --cfg job | head -1"])
def test_help_that_is_not_read_to_its_end_is_no_error(line: str, tmp_path: Path) -> None:
    answer = shell(line, tmp_path)
    assert (answer.returncode, "Traceback" in answer.stderr) == (0, False)


def test_what_an_output_cannot_spell_is_escaped(tmp_path: Path) -> None:
    program = STAGE.replace('f"line', 'f"größe')
    answer = shell("PYTHONIOENCODING=ascii train | head -1", tmp_path, program)
    assert (answer.returncode, answer.stdout[:17]) == (0, "gr\\xf6\\xdfe 0 xxx")


@pytest.mark.parametrize("end", ["> /dev/full", pytest.param("| head -1", marks=pytest.mark.long)])
def test_a_training_whose_output_is_lost_ends_finished(end: str, tmp_path: Path, mnist_file: Path) -> None:
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    command = (
        f"python -m pipeline.train model=autoencoder +debug=smoke autoencoder.steps=2 {end}; exit ${{PIPESTATUS[0]}}"
    )
    answer = project.start("bash", "-c", command).finish()
    assert answer.returncode == 0
    assert answer.stderr in (FULL, CLOSED)
    (run,) = project.tracked("training", family="autoencoder")
    assert run.info.status == "FINISHED"
