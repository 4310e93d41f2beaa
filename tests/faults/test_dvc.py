"""A training of DVC's whose `dvc repro` is killed: the next one waits for it, or resumes where it was killed too."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import pytest
import yaml

from tests.dvc_projects import small_project
from tests.patience import wait_for
from tests.projects import DRIVER, Finished, Project, Started, metadata_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

REPRO = ("dvc", "repro", "train@autoencoder")
# A `python` that runs the training of a stage as the driver does.
FAULTY = """#!/bin/sh
[ "$2" = pipeline.train ] || exec {python} "$@"
shift
PYTHONPATH="$PWD" exec {python} {driver} {fault} "$@"
"""
WAITING = "another process is in the stage train@autoencoder: waiting for it to end\n"


@dataclass(frozen=True)
class Story:
    """What happened, in this order.

    Attributes:
        killed: `dvc repro`, whose training was killed.
        third: The process of another.
        beside: The same, while that third was in the training, which resumed.
        after_orphan: The same after the third was killed, and its training was not.
        run_id: The MLflow run of what it took.
        state: The state that it left.
        whole: The state that `dvc repro --force` left.
        status: `dvc status` at the end, and the stage in dvc.lock.
    """

    project: Project
    killed: Finished
    third: int
    beside: Finished
    orphaned: Finished
    after_orphan: Finished
    run_id: str
    state: bytes
    whole: bytes
    status: Finished
    locked: dict[str, object]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Story:
    folder = tmp_path_factory.mktemp("dvc")
    project = small_project(folder / "a project", mnist_file, "tracking.system_metrics=false")
    models = project.root / "models" / "autoencoder"

    def dvc(*words: str, fault: str | None = None) -> Started:
        programs = f"{faulty_python(folder / fault, fault)}{os.pathsep}" if fault else ""
        path = f"{programs}{project.environment()['PATH']}"
        return project.start(*words, extra={"MNIST_DIR": str(mnist_file.parent), "PATH": path})

    killed = dvc(*REPRO, fault="SIGKILL@4").finish()
    first = dvc(*REPRO, fault="WAIT@5")
    limit = Timer(900, (project.root / "go").touch)
    limit.start()
    wait_for((project.root / "waiting").exists, seconds=600)
    beside = dvc(*REPRO).finish()
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()  # DVC takes a process that is not waited for as one that lives
    again = dvc(*REPRO)
    assert again.process.stdout is not None
    shown = ""
    while not shown.endswith(WAITING):
        line = again.process.stdout.readline()
        assert line, f"{shown}{again.finish().stderr}"
        shown += line
    limit.cancel()
    (project.root / "go").touch()
    after_orphan, orphaned = again.finish(), first.finish()
    run_id, state = metadata_of(models)["run_id"], (models / "state.npz").read_bytes()
    forced = dvc(*REPRO, "--force").finish()
    assert forced.returncode == 0, forced.stderr
    whole = (models / "state.npz").read_bytes()
    status = dvc("dvc", "status", "train@autoencoder").finish()
    locked = yaml.safe_load((project.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]["train@autoencoder"]
    third = first.process.pid
    return Story(project, killed, third, beside, orphaned, after_orphan, run_id, state, whole, status, locked)


def faulty_python(folder: Path, fault: str) -> Path:
    folder.mkdir()
    program = folder / "python"
    program.write_text(FAULTY.format(python=sys.executable, driver=DRIVER, fault=fault), encoding="utf-8")
    program.chmod(0o755)
    return folder


def test_dvc_refuses_a_second_repro_while_the_first_lives(story: Story) -> None:
    assert story.beside.returncode != 0
    assert f"(PID {story.third})" in story.beside.stderr
    assert "Traceback" not in story.beside.stderr


def test_a_repro_resumes_a_training_that_was_killed(story: Story) -> None:
    assert story.killed.returncode != 0
    assert "resuming the interrupted training" in story.orphaned.stdout
    assert "after step 2" in story.orphaned.stdout


def test_a_repro_waits_for_the_training_of_a_killed_one_and_takes_its_results(story: Story) -> None:
    assert story.after_orphan.returncode == 0, story.after_orphan.stderr
    runs = story.project.tracked("training", family="autoencoder")
    assert [run.info.status for run in runs] == ["FINISHED"] * 2
    assert runs[0].info.run_id == story.run_id


def test_weights_are_those_of_a_training_never_interrupted_to_the_last_bit(story: Story) -> None:
    assert story.state == story.whole


def test_the_lock_of_dvc_is_whole_and_nothing_is_left(story: Story) -> None:
    assert "up to date" in story.status.stdout
    assert {"cmd", "deps", "params", "outs"} <= story.locked.keys()
    left = [path for path in (story.project.root / "runs" / "dvc").rglob("*") if path.is_file()]
    assert [path for path in left if path.suffix != ".lock"] == []
