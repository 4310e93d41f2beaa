"""Settings composed in Python, as in a notebook: in any folder, and refused in one line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings.errors import SettingsError
from pipeline.settings.overrides import compose_settings, quote_texts
from pipeline.settings.paths import ROOT
from tests.composing import settings_of

PAGE = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
BY_HYDRA = """
import sys
from hydra import compose, initialize_config_dir

with initialize_config_dir(sys.argv[1], version_base="1.3"):
    print(compose("config", ["model=vae"]).vae.steps)
"""


def run(code: str, *words: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "PIPELINE_ROOT"} | variables
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_settings_are_composed_in_another_folder_as_the_page_says(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    answer = run(f"{block}\nprint(settings.family, settings.model.steps)", folder=tmp_path, PYTHONPATH=str(ROOT))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "vae 300\n", "")


def test_hydras_own_compose_finds_the_numbers_by_the_variable_that_the_page_names(tmp_path: Path) -> None:
    assert "`PIPELINE_ROOT`" in PAGE
    without = run(BY_HYDRA, str(ROOT / "conf"), folder=tmp_path)
    assert "Could not load 'params'" in without.stderr
    answer = run(BY_HYDRA, str(ROOT / "conf"), folder=tmp_path, PIPELINE_ROOT=str(ROOT))
    assert answer.stdout == f"{settings_of('model=vae').model.steps}\n", answer.stderr


def test_settings_are_those_of_a_command() -> None:
    assert compose_settings(["model=vae", "seed=3"]) == settings_of("model=vae", "seed=3")
    assert compose_settings() == settings_of()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("acgan.stepz=3", "`acgan.stepz` is not a setting: did you mean `acgan.steps`?"),
        ("acgan.steps=-3", "`acgan.steps` must be greater than or equal to 1. Received: -3"),
        ("model=gan", "`model` must be one of conf/model (acgan, autoencoder, vae). Received: gan"),
        (
            "hydra/launcher=nope",
            "`hydra/launcher` must be one of conf/hydra/launcher (basic, local, ray, slurm). Received: nope",
        ),
    ],
)
def test_a_mistake_is_one_line(override: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        compose_settings([override])
    assert str(raised.value) == message


@pytest.mark.parametrize("typed", ["12e3,ab", "[12e3, ab]", '\'["12e3","ab"]\'', "12e3,ab,"])
def test_ids_of_runs_are_texts_whatever_they_look_like(typed: str) -> None:
    assert compose_settings(quote_texts([f"runs={typed}"])).compare.runs == ("12e3", "ab")


def test_a_path_of_data_may_hold_what_hydra_reads_otherwise() -> None:
    assert compose_settings(quote_texts(["data.path=a=b.npz"])).data.path == Path("a=b.npz")
    with pytest.raises(SettingsError, match=r"or type 'data\.path=\"a,b\.npz\"' for one text"):
        compose_settings(quote_texts(["data.path=a,b.npz"]))
    assert compose_settings().data.path is None


def test_every_path_may_begin_with_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    words = ["digit=3", "to=~/a.png", "run=~/run", "start_from=~/start", "data.path=~/a.npz"]
    settings = compose_settings(quote_texts(words))
    paths = [settings.to, settings.run, settings.start_from, settings.data.path]
    assert paths == [Path("/home/ada", name) for name in ("a.png", "run", "start", "a.npz")]
    with pytest.raises(SettingsError, match="`run` must begin with a home folder that is known. Received: '~no-one/a'"):
        compose_settings(quote_texts(["run=~no-one/a"]))
