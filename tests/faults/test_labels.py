"""A label is text, whatever it looks like, and what a refusal advises is typed into a real shell."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.settings.overrides import quote_texts
from pipeline.settings.paths import ROOT
from tests.commands import apart, call_command

pytestmark = pytest.mark.slow

# A command that prints its label and where it starts from, and trains nothing.
STAGE = """
import sys
from pipeline.cli import command
command.run("pipeline.train", lambda settings, job: print(settings.label, settings.start_from, job.command, sep="\\n"))
"""
LABELS = [
    "2026",
    "007",
    "1e3",
    "1_000",
    "true",
    "a=b",
    "面包 春",
    "[a]",
    "{a: 1}",
    "it's",
    'say "so"',
    "f(x",
    "a#b",
    "$HOME",
    "\\",
    "range(1,3)",
]


def shell(line: str) -> "subprocess.CompletedProcess[str]":
    """What a shell makes of a line in which `train` is the command."""
    program = f'train() {{ {shlex.quote(sys.executable)} -c {shlex.quote(STAGE)} "$@"; }}\n'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = ["bash", "-c", program + line]
    return subprocess.run(words, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


class Labels:
    """A stage that keeps the labels it was called with, and the commands that repeat the calls."""

    def __init__(self) -> None:
        self.found: list[str | None] = []
        self.commands: list[str] = []

    def __call__(self, settings: Settings, job: Job) -> None:
        self.found.append(settings.label)
        self.commands.append(job.command)


def labels_of(folder: Path, *words: str) -> Labels:
    stage = Labels()
    assert call_command(stage, *words, *apart(folder)) == 0
    return stage


@pytest.mark.parametrize("label", LABELS)
def test_a_label_is_text_whatever_it_looks_like_and_its_command_repeats_it(label: str, tmp_path: Path) -> None:
    stage = labels_of(tmp_path, f"label={label}")
    assert stage.found == [label]
    again = shlex.split(stage.commands[0])[3:]
    assert labels_of(tmp_path, *again).found == [label]


def test_no_label_and_a_sweep_of_labels_stay_what_they_are(tmp_path: Path) -> None:
    assert labels_of(tmp_path, "label=null").found == [None]
    assert labels_of(tmp_path, "-m", "label=1e3,春,null").found == ["1e3", "春", None]
    assert labels_of(tmp_path, "-m", "label='a,b',c").found == ["a,b", "c"]
    assert labels_of(tmp_path, "label=${family}").found == ["acgan"]


@pytest.mark.parametrize(
    "word", ["seed=007", "--multirun", "+debug=smoke", 'label="2026"', "label=a b", "label=a,b", 'label="1",null']
)
def test_what_is_no_text_or_is_read_as_text_already_is_left_alone(word: str) -> None:
    assert quote_texts([word]) == [word]


def test_what_a_person_types_in_a_shell_arrives() -> None:
    answer = shell("train 'label=春=2026' start_from='runs/a=b (1)'")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines()[:2] == ["春=2026", "runs/a=b (1)"]


@pytest.mark.parametrize(
    ("typed", "label"), [("label=a,b", "a,b"), ("label=春,秋", "春,秋"), ('label="it\'s",1', "it's,1")]
)
def test_the_advice_for_a_text_with_commas_is_what_to_type(typed: str, label: str) -> None:
    refusal = shell(f"train {typed}")
    assert (refusal.returncode, refusal.stderr.count("\n")) == (2, 1)
    advised = re.search("or type (.*) for one text", refusal.stderr)
    assert advised
    answer = shell(f"train {advised[1]}")
    assert (answer.returncode, answer.stdout.splitlines()[0]) == (0, label), answer.stderr


@pytest.mark.parametrize("typed", ["acgan.soft_label={real: 0.9, trick: 0.8}", "acgan.generator.filters=[8, 8, 8"])
def test_the_advice_for_a_value_with_spaces_is_what_to_type(typed: str) -> None:
    refusal = shell(f"train {typed}")
    assert (refusal.returncode, refusal.stderr.count("\n")) == (2, 1)
    advised = re.search("as in ('.*?'): ", refusal.stderr)
    assert advised
    assert shell(f"train {advised[1]}").returncode == 0


def test_the_advice_for_a_list_is_what_to_type() -> None:
    refusal = shell("train acgan.generator.filters=8,8,8")
    advised = re.search("or type (.*) for one list", refusal.stderr)
    assert advised
    assert shell(f"train {advised[1]}").returncode == 0
