"""Places that a person works in: a downloaded archive without git, a container whose user has no name."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.settings.paths import ROOT
from tests.dvc_projects import HIDDEN
from tests.projects import Project

NAMELESS = "54321"
WAYS = (
    ("unshare", "--user", f"--map-user={NAMELESS}", f"--map-group={NAMELESS}"),
    ("setpriv", f"--reuid={NAMELESS}", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
)
PAGE = (ROOT / "docs" / "how-to" / "reproduce-and-share.md").read_text(encoding="utf-8")


@pytest.fixture
def archive(tmp_path: Path, mnist_file: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project as downloaded without git, set up, and with the stages `digest` and `fetch` alone."""
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MNIST_DIR", str(mnist_file.parent))
    project = Project.copied_to(tmp_path / "an archive", mnist_file)
    root = project.root
    shutil.rmtree(root / "data")
    (root / ".dvc").mkdir()
    for name in (*HIDDEN, "Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "requirements", root / "requirements")
    stages = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    (root / "dvc.yaml").write_text(
        yaml.safe_dump({"stages": {name: stages[name] for name in ("digest", "fetch")}}), encoding="utf-8"
    )
    set_up(root)
    return project


def set_up(root: Path) -> None:
    """Leaves what `requirements/install run` does, with programs that call the installed ones."""
    programs = root / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "dvc"):
        installed = shlex.quote(str(Path(sys.executable).parent / name))
        (programs / name).write_text(f'#!/bin/sh\nexec {installed} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    pins = "".join((root / "requirements" / name).read_text(encoding="utf-8") for name in ("build.txt", "run.txt"))
    (root / ".venv" / "installed-run").write_text(pins, encoding="utf-8")
    shutil.copy(root / "pyproject.toml", root / ".venv" / "installed-project")
    (root / ".venv" / "made-in").write_text(f"{root.resolve()}\n", encoding="utf-8")


def nameless() -> tuple[str, ...]:
    """The words before a command that run it as a user without an entry in passwd."""
    for words in WAYS:
        if shutil.which(words[0]) and not subprocess.run([*words, "true"], check=False, capture_output=True).returncode:
            return words
    pytest.skip("needs root or user namespaces")


@pytest.mark.long
def test_an_archive_without_git_is_set_up_for_dvc_by_make(archive: Project) -> None:
    before = archive.start("dvc", "repro", extra={"USER": "me"}).finish()
    assert before.returncode != 0
    assert "is not a git repository" in before.stderr
    assert '"is not a git repository"' in PAGE
    for command in (("make", "setup"), ("make", "setup"), ("dvc", "repro")):
        answer = archive.start(*command, extra={"USER": "me"}).finish()
        assert answer.returncode == 0, answer.stderr
    assert (archive.root / "data" / "mnist.npz").exists()


@pytest.mark.slow
def test_an_archive_works_with_dvc_alone_as_the_page_says(archive: Project) -> None:
    command = "dvc config --local core.no_scm true"
    assert f"`{command}`" in PAGE
    for words in (shlex.split(command), ["dvc", "repro"]):
        answer = archive.start(*words, extra={"USER": "me"}).finish()
        assert answer.returncode == 0, answer.stderr


@pytest.mark.long
def test_a_user_without_a_name_is_given_one_by_make_or_as_the_page_says(archive: Project) -> None:
    user = nameless()
    made = archive.start(*user, "make", "repro").finish()
    assert made.returncode == 0, made.stderr
    alone = archive.start(*user, "dvc", "repro").finish()
    assert alone.returncode != 0
    assert "getpwuid(): uid not found" in alone.stderr
    assert '"getpwuid(): uid not found"' in PAGE
    named = archive.start(*user, "sh", "-c", "export USER=me && dvc repro").finish()
    assert named.returncode == 0, named.stderr
    assert "`export USER=me`" in PAGE
