"""Every command of a stage that a page shows can be given as it stands there."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.settings.paths import ROOT
from tests.composing import jobs_of, settings_of

# The commands of the page on new families need the family that it adds; tests/test_new_family.py runs them.
PAGES = [ROOT / "README.md", *sorted(set((ROOT / "docs").glob("*.md")) - {ROOT / "docs" / "new-family.md"})]
BLOCK = re.compile(r"^```\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """The lines of blocks without a language that call a stage, continued ones in one, without what is said of them."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    return [line.partition(" #")[0].strip() for line in lines if line.startswith("python -m pipeline.")]


COMMANDS = [
    pytest.param(command, id=f"{page.name}: {command}") for page in PAGES for command in dict.fromkeys(commands(page))
]


def test_commands_are_found() -> None:
    assert "python -m pipeline.train model=vae vae.steps=1400" in commands(ROOT / "docs" / "autoencoders.md")
    assert len(COMMANDS) >= 30


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_a_stage_and_composes_to_sound_settings(command: str) -> None:
    _, _, module, *words = shlex.split(command)
    assert find_spec(module) is not None
    jobs = jobs_of(*(word for word in words if word != "--help"))
    for job in (jobs[0], jobs[-1]):
        settings_of(*job)
