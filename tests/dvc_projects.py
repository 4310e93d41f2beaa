"""A copy of the project under git and DVC, with the smoke test's numbers in its params.yaml."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from pipeline.settings.paths import ROOT
from tests import projects
from tests.composing import CHOICES, composed
from tests.projects import Project

TINY = (*projects.TINY, "judge.epochs=1", "judge.batch_size=500")
HIDDEN = (".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore")
IDENTITY = (("user.name", "a"), ("user.email", "a@example.org"), ("commit.gpgsign", "false"))


def small_project(root: Path, mnist: Path, *overrides: str) -> Project:
    """A repository of the project, with the smoke test's numbers and `overrides` in params.yaml."""
    project = Project.copied_to(root, mnist)
    shutil.rmtree(root / "data")
    (root / ".dvc").mkdir()
    for name in HIDDEN:
        shutil.copy(ROOT / name, root / name)
    numbers: Any = OmegaConf.to_container(composed(*TINY, *overrides))
    text = yaml.safe_dump({name: block for name, block in numbers.items() if name not in CHOICES})
    (root / "params.yaml").write_text(text, encoding="utf-8")
    git(root, "init", "--quiet", "--initial-branch=work")
    identify(root)
    commit(root)
    return project


def cloned(project: Project, root: Path) -> Project:
    """A clone of a project's last commit: neither the outputs of its stages nor DVC's cache are there."""
    git(project.root, "clone", "--quiet", str(project.root), str(root))
    identify(root)
    return Project(root)


def commit(root: Path) -> None:
    """Commits all that git does not ignore."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=a state")


def identify(root: Path) -> None:
    """Sets a name in a repository for the person who commits."""
    for name, value in IDENTITY:
        git(root, "config", name, value)


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True)
