import os
import sys
from pathlib import Path

import pytest

from benchmarks.measuring.children import Child, changed, run_quietly
from benchmarks.measuring.errors import BenchmarkError
from benchmarks.measuring.serving import peak_memory
from pipeline.settings.paths import ROOT

ECHO = """
import os, sys
sys.path.insert(0, {root!r})
from benchmarks.measuring.serving import serve
def answer(request):
    print("a line that is no answer")
    if "fail" in request:
        raise ValueError("no such step")
    return {{"got": request, "colour": os.environ.get("COLOUR")}}
serve(answer)
"""


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    (tmp_path / "echo.py").write_text(ECHO.format(root=str(ROOT)), encoding="utf-8")
    return tmp_path


def test_a_child_answers_each_request_whatever_it_prints(echo: Path) -> None:
    with Child("echo", folder=echo) as child:
        assert [child.ask(step=number)["got"] for number in (1, 2)] == [{"step": 1}, {"step": 2}]


def test_a_child_has_an_environment_of_its_own(echo: Path) -> None:
    with Child("echo", folder=echo, environment={"COLOUR": "blue"}) as child:
        assert child.ask()["colour"] == "blue"
    assert "COLOUR" not in os.environ


def test_two_children_work_at_once_and_are_heard_in_turn(echo: Path) -> None:
    with Child("echo", folder=echo) as first, Child("echo", folder=echo) as second:
        first.tell(step=1)
        second.tell(step=2)
        assert (second.on_event()["got"], first.on_event()["got"]) == ({"step": 2}, {"step": 1})


def test_a_child_that_fails_is_one_line_with_its_last_words(echo: Path) -> None:
    buffered = {"PYTHONUNBUFFERED": None}
    with Child("echo", folder=echo, environment=buffered) as child, pytest.raises(BenchmarkError) as raised:
        child.ask(fail=True)
    assert str(raised.value) == "`echo` must answer. Received: exit status 1: ValueError: no such step"


def test_none_takes_a_variable_out() -> None:
    assert changed({"a": "1", "b": "2"}, {"a": None, "c": "3"}) == {"b": "2", "c": "3"}


def test_a_command_that_fails_is_one_line(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "raise SystemExit('no disk')")
    with pytest.raises(BenchmarkError, match="must end with status 0. Received: 1: no disk"):
        run_quietly(command, folder=tmp_path, environment=dict(os.environ))


def test_peak_memory_is_in_bytes_and_never_falls() -> None:
    before = peak_memory()
    held = bytearray(50_000_000)
    assert peak_memory() >= max(before, len(held))
    assert before > 10_000_000
