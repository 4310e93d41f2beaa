"""Sweeps that cannot run as they were asked for are refused in one line, before TensorFlow and MLflow are imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runs.folder import LAYOUT
from pipeline.settings.paths import ROOT
from tests.cli.test_command import WITHOUT_TENSORFLOW

pytestmark = pytest.mark.slow

SMOKE = ("-m", "+debug=smoke")


def refused(*words: str) -> str:
    """What a sweep says that exits with status 2 before its first job."""
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, "pipeline.train", *SMOKE, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.count("\n") == 1
    return answer.stderr


def finished(folder: Path, *, steps: int) -> str:
    """A training of a family that took some steps, as an override that starts from it."""
    (folder / "models").mkdir(parents=True)
    metadata = {"layout": LAYOUT, "steps": steps, "settings": {"acgan": {}}}
    (folder / "models" / "run.json").write_text(json.dumps(metadata), encoding="utf-8")
    (folder / "models" / "state.npz").touch()
    return folder.as_posix()


def test_jobs_of_two_families_are_refused() -> None:
    assert refused("model=autoencoder,vae") == (
        "error: job 2 of 2: the jobs of a sweep must be of one family and one `tracking.experiment`: call the command "
        "once for each. Received: vae in mnist after autoencoder in mnist\n"
    )


def test_jobs_of_two_experiments_are_refused() -> None:
    assert "Received: acgan in b after acgan in a" in refused("tracking.experiment=a,b")


def test_two_sweep_files_as_two_jobs_are_refused() -> None:
    assert refused("+sweep=soft_labels,aux_weights") == (
        "error: job 1 of 2: `sweep` must be one file for all jobs: call the command once for each\n"
    )


@pytest.mark.parametrize(
    ("words", "job"),
    [
        (("seed=0,1,0",), "job 3 of 3"),
        (("acgan.soft_label.real=0.9,0.90",), "job 2 of 2"),
    ],
)
def test_a_job_that_would_repeat_another_is_refused(words: tuple[str, ...], job: str) -> None:
    assert refused(*words) == f"error: {job}: it would repeat job 1: vary what decides a training of acgan\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("seed=0,1", "vae.beta=2"), "`vae.beta=2` is for a run of vae, and this is one of acgan: leave it out"),
        (("seed=0,1", "model=acgan", "vae.beta=2"), "`vae.beta=2` is for a run of vae, and this is one of acgan"),
        (("+sweep=labels_and_weights", "model=vae"), "is for a run of acgan, and this is one of vae: leave it out"),
        (("seed=0,1", "digits=314"), "`digits` is for `python -m pipeline.render` alone: leave it out"),
    ],
)
def test_what_is_for_another_family_or_command_is_refused(words: tuple[str, ...], said: str) -> None:
    text = refused(*words)
    assert text.startswith("error: job 1 of ")
    assert said in text


def test_a_start_of_too_many_steps_in_the_second_job_is_refused(tmp_path: Path) -> None:
    short, long = finished(tmp_path / "short", steps=2), finished(tmp_path / "long", steps=6)
    assert refused(f"start_from={short},{long}") == (
        "error: job 2 of 2: `acgan.steps` must be above 6, which `start_from` has taken already. Received: 6\n"
    )


def test_a_start_that_is_not_there_in_the_second_job_is_refused(tmp_path: Path) -> None:
    short = finished(tmp_path / "short", steps=2)
    assert "job 2 of 2: " in (said := refused(f"start_from={short},{tmp_path.as_posix()}/none"))
    assert "must hold a finished training" in said


def test_a_start_without_its_state_is_refused(tmp_path: Path) -> None:
    short = finished(tmp_path / "short", steps=2)
    (tmp_path / "short" / "models" / "state.npz").unlink()
    assert "state.npz is missing, which a longer training starts from" in refused(f"start_from={short}", "seed=0,1")


def test_one_training_that_starts_from_itself_in_two_spellings_is_one(tmp_path: Path) -> None:
    short = finished(tmp_path / "short", steps=2)
    assert "job 2 of 2: it would repeat job 1" in refused(f"start_from={short},{short}/../short")


@pytest.mark.parametrize("launcher", ["compute.jobs=2", "hydra/launcher=local", "hydra/launcher=ray"])
def test_a_folder_of_choices_that_jobs_in_processes_would_not_find_is_refused(launcher: str, tmp_path: Path) -> None:
    assert refused("seed=0,1", launcher, "--config-dir", str(tmp_path)) == (
        "error: choices must be in conf/ where each job is a command of its own: put them there, or leave out "
        f"`hydra/launcher` and `compute.jobs`. Received: {tmp_path}\n"
    )


@pytest.mark.parametrize("jobs", ["auto", "null", "[2]"])
def test_a_number_of_jobs_at_once_that_is_none_is_refused(jobs: str) -> None:
    assert refused("seed=0,1", f"compute.jobs={jobs}").startswith("error: job 1 of 2: `compute.jobs` must be ")
