"""Random and mistaken settings: a command is answered in one line and its stage is not called.

`EXAMPLES=10000 pytest tests/faults/test_settings.py` tries as many random command lines; 300 without it.
"""

import io
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pipeline.settings.composed import Settings, known_addresses
from pipeline.settings.family import has_family
from pipeline.settings.job import Job
from tests.commands import apart, call_command
from tests.test_configs import FILES, SWEEPS, choice, named

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

EXAMPLES = int(os.environ.get("EXAMPLES", "300"))
ADDRESSES = [*known_addresses(), "acgan", "data", "family", "label", "nothing", "acgan.nothing", "acgan._target_"]
SYNTAX = "[]{}(),:='\"$?~+-.*@#\\ \n\tabc019eéπ"

TEXTS = st.text(st.sampled_from(SYNTAX), max_size=12)
WORDS = st.sampled_from(
    [
        "null",
        "true",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "0x10",
        "1_000",
        "''",
        "???",
        "${seed}",
        "${acgan}",
        "${oc.env:HOME}",
    ]
)
VALUES = st.one_of(
    TEXTS, WORDS, st.integers().map(str), st.floats().map(str), st.lists(st.integers(), max_size=3).map(str)
)
ONE = st.builds(
    lambda sign, address, equals, value: f"{sign}{address}{equals}{value}",
    st.sampled_from(["", "", "", "+", "++", "~"]),
    st.one_of(st.sampled_from(ADDRESSES), TEXTS.filter(lambda text: not text.startswith("-"))),
    st.sampled_from(["=", "=", "=", "", ".x=", "@y="]),
    VALUES,
)


@dataclass(frozen=True)
class Answer:
    """A command's exit status, what it printed, and the settings that its stage was called with."""

    status: int
    out: str
    err: str
    called: list[Settings]


def answer_of(folder: Path, *overrides: str) -> Answer:
    called: list[Settings] = []

    def stage(given_settings: Settings, _: Job) -> None:
        called.append(given_settings)

    out, err = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        status = call_command(stage, *overrides, *apart(folder))
    return Answer(status, out.getvalue(), err.getvalue(), called)


def assert_refused_in_one_line(answer: Answer) -> None:
    assert (answer.status, answer.out, answer.called) == (2, "", [])
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1


@settings(
    max_examples=EXAMPLES, deadline=None, phases=set(Phase) - {Phase.shrink}, suppress_health_check=list(HealthCheck)
)
@given(overrides=st.lists(ONE, min_size=1, max_size=3))
@example(overrides=["+="])
@example(overrides=["model=[0]"])
@example(overrides=["acgan.discriminator.dropoutnan", "-*[-{{"])
@example(overrides=["--cfg", "nothing"])
@example(overrides=["\n1]~"])
@example(overrides=["acgan._target_=os.system"])
@example(overrides=["+acgan.generator._target_=subprocess.run"])
@example(overrides=["label='a\nb'"])
@example(overrides=["family=[a\nb"])
def test_a_random_command_line_is_sound_or_refused_in_one_line(
    overrides: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "random"
    folder.mkdir(exist_ok=True)
    answer = answer_of(folder, *overrides)
    if answer.status == 0:
        assert len(answer.called) == 1
        assert answer.err == ""
    else:
        assert_refused_in_one_line(answer)


@pytest.mark.long
@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_preset_refuses_overrides_of_another_family(file: Path, tmp_path: Path) -> None:
    chosen = choice(file)
    family = chosen.partition("=")[2] if file.parent.name == "model" else family_of(file)
    others = [
        address for address in known_addresses() if has_family(block := address.split(".")[0]) and block != family
    ]
    assert len(others) >= 20
    # A sweep is composed job by job, up to twenty.
    every = 4 if file.parent.name == "model" else 30 if file in SWEEPS else 15
    for address in others[::every]:
        said = answer_of(tmp_path, chosen, f"{address}=1")
        if file in SWEEPS:  # by Hydra's own sweeper here; the project's is in test_refused_sweeps.py
            assert (said.status, said.called) == (1, []), address
        else:
            assert_refused_in_one_line(said)


def family_of(file: Path) -> str:
    """The family that a choice is for: the one that the file names, else the default."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("family: ").split()[0] for line in lines if line.startswith("family: ")), "acgan")
