import runpy
import shutil
from pathlib import Path

import pytest

from pipeline.settings.data import DataSettings
from pipeline.settings.family import FamilySettings, family_settings, has_family
from pipeline.settings.paths import CHOICES, NUMBERS, ROOT, SOURCES, display, outermost


def test_the_root_is_the_folder_of_the_params_file() -> None:
    assert NUMBERS == ROOT / "params.yaml"
    assert NUMBERS.is_file()
    assert (CHOICES / "config.yaml").is_file()
    assert SOURCES == ROOT


def test_where_a_wheel_is_installed_the_root_is_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, here = tmp_path / "packages" / "pipeline", tmp_path / "here"
    for folder in (package / "settings", package / "configuration", here):
        folder.mkdir(parents=True)
    monkeypatch.chdir(here)
    shutil.copy(SOURCES / "pipeline" / "settings" / "paths.py", package / "settings")
    found = runpy.run_path(str(package / "settings" / "paths.py"))
    assert (found["ROOT"], found["CHOICES"]) == (here, package / "configuration")
    assert found["NUMBERS"] == package / "configuration" / "params.yaml"


def test_an_experiment_of_dvc_belongs_to_the_project_around_it() -> None:
    copy = Path("/home/ada/digits/.dvc/tmp/exps/standalone/tmpa1b2")
    assert outermost(copy) == Path("/home/ada/digits")
    assert outermost(copy / "sub" / "project") == Path("/home/ada/digits")


@pytest.mark.parametrize("root", ["/home/ada/digits", "/", "/home/ada/.dvc/tmp/digits", "/home/tmp/exps/digits"])
def test_any_other_project_is_its_own(root: str) -> None:
    assert outermost(Path(root)) == Path(root)


def test_a_path_is_shown_as_it_would_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert display(tmp_path / "runs" / "a-1") == str(Path("runs/a-1"))
    assert display(tmp_path.parent) == str(tmp_path.parent)


def test_the_data_set_lies_in_the_project_whatever_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = DataSettings(source="auto", name="mnist", path=Path("data/mnist.npz"), validation=0, limit=None)
    assert settings.file == ROOT / "data" / "mnist.npz"


def test_a_family_is_found_by_the_name_of_its_file() -> None:
    assert has_family("acgan")
    assert issubclass(family_settings("acgan"), FamilySettings)


@pytest.mark.parametrize("name", ["data", "family", "composed", "frozen", "nothing", "a.b", "hydra", ""])
def test_a_file_without_settings_of_a_family_is_none(name: str) -> None:
    assert not has_family(name)
