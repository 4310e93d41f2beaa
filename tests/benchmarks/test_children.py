import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.children.serving import peak_memory
from benchmarks.measuring import BenchmarkError
from benchmarks.measuring.child import Child, changed
from benchmarks.measuring.projects import Project, copied_project
from pipeline.settings.paths import ROOT, STORE_ROOT

ECHO = """
import os
import time
def answer(request):
    print("a line that is no answer")
    if "fail" in request:
        raise ValueError("no such step")
    if "sleep" in request:
        time.sleep(request["sleep"])
    return {"got": request, "colour": os.environ.get("COLOUR")}
"""
COUNT = """
from benchmarks.children.serving import answer_steps
class Steps:
    def take_step(self, step):
        assert step == taken.pop(0)
taken = [0, 1, 0, 2]
answer = answer_steps(lambda request: Steps())
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    for name, text in (("echo", ECHO), ("count", COUNT)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    (tmp_path / "pipeline").symlink_to(ROOT / "pipeline")
    return tmp_path


def test_a_child_answers_each_request_whatever_it_prints(modules: Path) -> None:
    with Child("echo", folder=modules) as child:
        assert [child.ask(step=number)["got"] for number in (1, 2)] == [{"step": 1}, {"step": 2}]


def test_a_child_has_an_environment_of_its_own(modules: Path) -> None:
    with Child("echo", folder=modules, environment={"COLOUR": "blue"}) as child:
        assert child.ask()["colour"] == "blue"
    assert "COLOUR" not in os.environ


def test_two_children_work_at_once_and_are_heard_in_turn(modules: Path) -> None:
    with Child("echo", folder=modules) as first, Child("echo", folder=modules) as second:
        first.send(step=1)
        second.send(step=2)
        assert (second.receive()["got"], first.receive()["got"]) == ({"step": 2}, {"step": 1})


def test_a_child_that_fails_is_one_line_with_its_last_words(modules: Path) -> None:
    buffered = {"PYTHONUNBUFFERED": None}
    with Child("echo", folder=modules, environment=buffered) as child, pytest.raises(BenchmarkError) as raised:
        child.ask(fail=True)
    assert str(raised.value) == "`echo` must answer. Received: exit status 1: ValueError: no such step"


def test_a_child_that_does_not_answer_in_time_is_killed(modules: Path) -> None:
    with Child("echo", folder=modules, seconds=0.5) as child, pytest.raises(BenchmarkError) as raised:
        child.ask(sleep=200)
    assert str(raised.value) == "`echo` must answer within 0.5 seconds. Received: nothing"
    assert child.returncode == -signal.SIGKILL


def test_an_interpreter_that_is_not_there_is_one_line() -> None:
    with pytest.raises(BenchmarkError, match="must be an interpreter. Received: /no/such/python"):
        Child("echo", python="/no/such/python")


def test_trainings_of_other_settings_count_their_steps_apart(modules: Path) -> None:
    with Child("count", folder=modules) as child:
        answers = [child.ask(words=words, steps=steps) for words, steps in ((["a"], 2), (["b"], 1), (["a"], 1))]
    assert [len(answer["seconds"]) for answer in answers] == [2, 1, 1]
    assert all(answer["memory"] > 0 for answer in answers)


def test_none_takes_a_variable_out() -> None:
    assert changed({"a": "1", "b": "2"}, {"a": None, "c": "3"}) == {"b": "2", "c": "3"}


def test_peak_memory_is_in_bytes_and_never_falls() -> None:
    before = peak_memory()
    held = bytearray(50_000_000)
    assert peak_memory() >= max(before, len(held))
    assert before > 10_000_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "images" / "mnist.npz"
    data.parent.mkdir()
    data.write_bytes(b"digits")
    return data


def test_a_copied_project_has_sources_and_data_and_neither_runs_nor_a_store(data: Path) -> None:
    with copied_project(data) as project:
        assert (project.root / "params.yaml").read_bytes() == (ROOT / "params.yaml").read_bytes()
        assert (project.root / "data" / "mnist.npz").read_bytes() == b"digits"
        assert (project.root / "benchmarks" / "children" / "tracked.py").exists()
        assert not (project.root / "runs").exists()
        assert not (project.root / "mlflow.db").exists()
        assert project.root.is_relative_to(STORE_ROOT / "runs")
    assert not project.root.exists()


def test_commands_in_it_find_no_other_store_and_their_own_images(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("benchmarks.measuring.projects.UNTOUCHED", {"MLFLOW_TRACKING_URI": "x", "HOME": "h"})
    seen = "import os; print({name: os.environ.get(name) for name in ('MLFLOW_TRACKING_URI', 'HOME', 'MNIST_DIR')})"
    said: list[str] = []
    run = subprocess.run

    def keep(*arguments: object, **options: object) -> object:
        done = run(*arguments, **options)  # type: ignore[call-overload]
        said.append(done.stdout.decode())
        return done

    monkeypatch.setattr(subprocess, "run", keep)
    assert Project(tmp_path, data.parent).run(sys.executable, "-c", seen) > 0
    assert said[0].strip() == str({"MLFLOW_TRACKING_URI": None, "HOME": "h", "MNIST_DIR": str(data.parent)})


def test_a_command_that_ends_with_another_status_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="must end with status 0. Received: 1: no disk"):
        Project(tmp_path, tmp_path).run(sys.executable, "-c", "raise SystemExit('no disk')")
    assert Project(tmp_path, tmp_path).run(sys.executable, "-c", "raise SystemExit(3)", status=3) > 0


def test_a_command_is_ended_once_its_file_is_there(tmp_path: Path) -> None:
    code = "import pathlib, time; pathlib.Path('made').touch(); time.sleep(200)"
    assert 0 < Project(tmp_path, tmp_path).wait_for("mad*", sys.executable, "-c", code) < 150


def test_a_command_that_ends_without_its_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"must make mad\*. Received: its end without that file"):
        Project(tmp_path, tmp_path).wait_for("mad*", sys.executable, "-c", "pass")
