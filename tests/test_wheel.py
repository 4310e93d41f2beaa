"""A wheel as a colleague gets it: built of an archive without git, installed in an environment of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.settings.paths import ROOT
from tests.dvc_projects import TINY
from tests.projects import UNSET, Project

# Two commands import TensorFlow, and one of them trains.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
BUILT_OF = ("pyproject.toml", "setup.py", "MANIFEST.in", "LICENSE")
DRAWN = ("digits=0031", "seed=3", "to=strip.png")


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and a folder that holds a run and nothing else.

    Attributes:
        python: The environment's interpreter.
        folder: Where the run is `mine`.
        strip: What the project that trained the run draws of it, a PNG.
    """

    python: Path
    folder: Path
    strip: bytes

    def render(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return run(self.python, "-m", "pipeline.render", *words, folder=self.folder)


def run(*command: str | Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name not in UNSET} | {"UV_OFFLINE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def require(*command: str | Path, folder: Path) -> None:
    done = run(*command, folder=folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Installed:
    place = tmp_path_factory.mktemp("wheel")
    project = Project.copied_to(place / "a project", mnist_file)
    folder, environment = place / "elsewhere", place / "environment"
    for name in BUILT_OF:
        shutil.copy(ROOT / name, project.root)
    uv, python = (sys.executable, "-m", "uv"), environment / "bin" / "python"
    # A source archive first, and the wheel of that archive, as `python -m build` does.
    require(*uv, "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", place, folder=project.root)
    require(*uv, "venv", "--python", sys.executable, environment, folder=place)
    (wheel,) = place.glob("*.whl")
    require(*uv, "pip", "install", "--no-deps", "--python", python, wheel, folder=place)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    # Files of paths there, such as that of an installed checkout, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    require(sys.executable, "-m", "pipeline.train", *TINY, folder=project.root)
    (trained,) = project.folders()
    require(sys.executable, "-m", "pipeline.render", f"run={trained}", *DRAWN, folder=project.root)
    strip = (project.root / "strip.png").read_bytes()
    shutil.copytree(trained, folder / "mine")
    shutil.rmtree(project.root)
    return Installed(python, folder, strip)


def test_an_installed_wheel_draws_what_the_project_draws_from_a_run_alone(installed: Installed) -> None:
    answer = installed.render("run=mine", *DRAWN)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert (installed.folder / "strip.png").read_bytes() == installed.strip


def test_the_wheel_has_every_choice_and_number_of_the_project(installed: Installed) -> None:
    code = "import pipeline.settings.paths as paths; print(paths.CHOICES, paths.NUMBERS, paths.ROOT, sep='\\n')"
    choices, numbers, root = map(Path, run(installed.python, "-c", code, folder=installed.folder).stdout.splitlines())
    own = {file.relative_to(ROOT / "conf"): file.read_bytes() for file in (ROOT / "conf").rglob("*.yaml")}
    found = {file.relative_to(choices): file.read_bytes() for file in choices.rglob("*.yaml") if file != numbers}
    assert found == own
    assert numbers.read_bytes() == (ROOT / "params.yaml").read_bytes()
    assert root == installed.folder
    assert numbers.is_relative_to(installed.python.parents[1])


def test_a_mistake_is_one_line_there_too(installed: Installed) -> None:
    answer = installed.render("run=mine", "model=gan", *DRAWN)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "error: `model` must be one of conf/model (acgan, autoencoder, vae). Received: gan\n"
