"""Bare environments: no home, name, terminal or locale, few open files, odd paths, and a folder that is read-only."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.test_places import WAYS
from tests.projects import Finished, Project

ODD = "it's a project $HOME; & [x]{y} (1) #2 100% ~ ^ ! ? * = , @ é 数"  # MLflow refuses one with \" beside '
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.getuid() == 0 else ()
TRAIN = ("-m", "pipeline.train", "model=autoencoder", "+debug=smoke", "autoencoder.steps=2")


def bare(*command: str, project: Project, before: tuple[str, ...] = ()) -> Finished:
    """Runs a program as a service or a container starts one: with next to no variables, no terminal and few files."""
    limited = ("sh", "-c", 'ulimit -n 128 && exec "$@"', "sh", *command)
    words = ("env", "-i", f"PATH={project.environment()['PATH']}", "LC_ALL=C", "setsid", "--wait", *before, *limited)
    return subprocess.run(
        words,
        cwd=project.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def usable(*words: str) -> bool:
    if not shutil.which(words[0]):
        return False
    return not subprocess.run([*words, "true"], check=False, capture_output=True).returncode


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_training_without_home_name_terminal_locale_and_files_in_a_folder_of_an_odd_name_ends_finished(
    tmp_path: Path, mnist_file: Path
) -> None:
    project = Project.copied_to(tmp_path / ODD, mnist_file)
    nameless = WAYS[0] if usable(*WAYS[0]) else ()
    answer = bare(sys.executable, *TRAIN, "tracking.system_metrics=true", project=project, before=nameless)
    assert (answer.returncode, answer.stderr) == (0, "")
    (run,) = project.tracked("training", family="autoencoder")
    assert run.info.status == "FINISHED"
    (folder,) = (project.root / "runs" / "autoencoder").glob("*-1")
    printed = [line for line in answer.stdout.splitlines() if line.startswith("trained 2 steps")]
    assert printed == [f"trained 2 steps: {folder.relative_to(project.root)}"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        TRAIN,
        (*TRAIN[:2], "--multirun", *TRAIN[2:], "seed=0,1"),
        ("-m", "pipeline.judge", "+debug=smoke"),
        ("-m", "pipeline.prune"),
        ("-m", "pipeline.fetch", "data.source=folder:."),
    ],
    ids=["train", "sweep", "judge", "prune", "fetch"],
)
def test_a_project_that_is_read_only_is_one_line(words: tuple[str, ...], tmp_path: Path, mnist_file: Path) -> None:
    if POWERLESS and not usable(*POWERLESS):
        pytest.skip("needs setpriv, which takes from root the power to write everywhere")
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    folders = [project.root, *(path for path in project.root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    answer = bare(sys.executable, *words, project=project, before=POWERLESS)
    for folder in folders:
        folder.chmod(0o755)
    assert answer.returncode == 2
    assert re.fullmatch("error: .* cannot be (written|locked): Permission denied\n", answer.stderr)
