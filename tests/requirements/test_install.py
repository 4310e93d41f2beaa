"""Setting up from pins, against a folder of packages instead of an index."""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.settings.paths import ROOT
from tests.requirements.wheels import write_wheel

pytestmark = pytest.mark.slow

PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "pinned-project"
version = "1.0"
"""
BACKEND = """\
from pathlib import Path
from wheels import write_wheel

def build_editable(folder, config_settings=None, metadata_directory=None):
    return write_wheel(Path(folder), "pinned_project", "1.0").name
"""


def pin(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@dataclass(frozen=True)
class Setup:
    """A project with pins of three packages, of which one wants an extra of another."""

    root: Path
    index: Path

    def start(self, purpose: str = "dev") -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index)}
        return subprocess.Popen(
            ["requirements/install", purpose],
            cwd=self.root,
            env=kept | pip | {"PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def install(self, purpose: str = "dev") -> "subprocess.CompletedProcess[str]":
        process = self.start(purpose)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def version(self, module: str) -> str:
        python = self.root / ".venv" / "bin" / "python"
        code = f"import {module}; print({module}.VERSION)"
        return subprocess.check_output([python, "-c", code], text=True).strip()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but pip, which takes seconds to make."""
    made = tmp_path_factory.mktemp("made") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", made], check=True)
    return made


@pytest.fixture
def project(tmp_path: Path) -> Setup:
    root, index = tmp_path / "a project", tmp_path / "index"
    (root / "requirements").mkdir(parents=True)
    index.mkdir()
    shutil.copy(ROOT / "requirements" / "install", root / "requirements" / "install")
    shutil.copy(Path(__file__).with_name("wheels.py"), root / "wheels.py")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "backend.py").write_text(BACKEND, encoding="utf-8")
    build = write_wheel(index, "builder", "1.0")
    wanted = write_wheel(index, "wanted", "1.0", extra="more")
    wanting = write_wheel(index, "wanting", "1.0", requires="wanted[more]>=1.0")
    (root / "requirements" / "build.txt").write_text(pin(build), encoding="utf-8")
    for purpose, wheels in {"run": (wanted,), "dev": (wanted, wanting)}.items():
        (root / "requirements" / f"{purpose}.txt").write_text("".join(map(pin, wheels)), encoding="utf-8")
    return Setup(root, index)


def test_pins_install_whatever_newer_release_an_extra_of_them_has(project: Setup) -> None:
    write_wheel(project.index, "wanted", "2.0", extra="more")
    done = project.install()
    assert done.returncode == 0, done.stderr
    assert project.version("wanted") == "1.0"
    again = project.install()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.fixture
def begun(project: Setup, environment: Path) -> Setup:
    """The same where the environment is made already."""
    shutil.copytree(environment, project.root / ".venv", symlinks=True)
    (project.root / ".venv" / "made-in").write_text(f"{project.root.resolve()}\n", encoding="utf-8")
    return project


def test_a_set_up_for_tests_takes_what_the_one_for_running_installed(begun: Setup) -> None:
    assert begun.install("run").returncode == 0
    (begun.index / "wanted-1.0-py3-none-any.whl").unlink()
    assert begun.install("dev").returncode == 0
    assert begun.version("wanting") == "1.0"
    assert begun.install("run").stdout == ""


def test_a_link_to_an_environment_is_refused_and_what_it_points_to_stays(begun: Setup) -> None:
    elsewhere = (begun.root / ".venv").rename(begun.index / "another project's .venv")
    (elsewhere / "made-in").write_text("/another/project\n", encoding="utf-8")
    before = sorted(elsewhere.rglob("*"))
    (begun.root / ".venv").symlink_to(elsewhere)
    refused = begun.install()
    assert sorted(elsewhere.rglob("*")) == before
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"error: .venv is a link to {elsewhere}. Remove the link and run make again.\n"


def test_a_set_up_that_failed_says_where_and_is_taken_up_by_the_next(begun: Setup) -> None:
    wheel = begun.index / "wanting-1.0-py3-none-any.whl"
    aside = wheel.rename(wheel.with_suffix(".aside"))
    failed = begun.install()
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("error: requirements/dev.txt could not be installed")
    made = (begun.root / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    aside.rename(wheel)
    assert begun.install().returncode == 0
    assert begun.version("wanting") == "1.0"
    assert (begun.root / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made


def test_a_set_up_that_is_killed_is_taken_up_by_the_next(begun: Setup) -> None:
    killed = begun.start()
    assert killed.stdout is not None
    assert any(line == "Installing requirements/dev.txt\n" for line in killed.stdout)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    done = begun.install()
    assert done.returncode == 0, done.stderr
    assert begun.version("wanting") == "1.0"
    assert begun.install().stdout == ""


def test_a_wheel_of_other_content_than_the_pinned_one_is_refused(begun: Setup) -> None:
    with zipfile.ZipFile(begun.index / "wanting-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("swapped.py", "")
    refused = begun.install()
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr


def test_pins_that_do_not_go_together_are_named(begun: Setup) -> None:
    (begun.root / "requirements" / "dev.txt").write_text(
        pin(write_wheel(begun.index, "alone", "1.0", requires="missing")), encoding="utf-8"
    )
    refused = begun.install()
    assert refused.returncode == 1
    assert "alone 1.0 requires missing" in refused.stdout
    assert refused.stderr.splitlines()[-1].startswith("error: the pins do not go together")


def test_of_two_set_ups_at_once_the_second_waits_and_says_so(begun: Setup) -> None:
    with (begun.root / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = begun.start()
        assert second.stdout is not None
        assert second.stdout.readline() == "Waiting for another make that is setting up here.\n"
    out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert "Installing requirements/dev.txt" in out
    assert begun.version("wanting") == "1.0"
