"""The page on adding a family, followed to the letter in a copy of the project."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from pipeline.data.code import stage_code
from pipeline.settings.errors import SettingsError
from pipeline.settings.images import DIGITS
from pipeline.settings.paths import ROOT
from tests.projects import Finished, Project, metadata_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

PAGE = (ROOT / "docs" / "how-to" / "add-a-family.md").read_text(encoding="utf-8")
SHORT = ("+debug=smoke", "shallow.steps=40", "shallow.report_every=20", "tracking.system_metrics=false")
FILES = {"pipeline/settings/shallow.py", "pipeline/models/shallow.py", "pipeline/training/shallow/__init__.py"}


def files() -> dict[str, str]:
    """What the page has for each new file, by the path above its block."""
    return dict(re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))


def block_behind(words: str) -> str:
    found = re.search(rf"{re.escape(words)}[^\n]*:\n\n```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@dataclass(frozen=True)
class Added:
    """A project with a fourth family, which was trained, evaluated and rendered."""

    project: Project
    run: Path
    commands: dict[str, Finished]


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Added:
    project = Project.copied_to(tmp_path_factory.mktemp("family") / "a project", mnist_file)
    for path, text in files().items():
        assert not (project.root / path).exists()
        (project.root / path).parent.mkdir(exist_ok=True)
        (project.root / path).write_text(text, encoding="utf-8")
    for name in ("params.yaml", "conf/debug/smoke.yaml"):
        with (project.root / name).open("a", encoding="utf-8") as numbers:
            numbers.write(block_behind(f"At the end of `{name}`"))
    stages = project.root / "dvc.yaml"
    line, written = re.compile("^  - families: .*\n", re.MULTILINE), stages.read_text(encoding="utf-8")
    stages.write_text(line.sub(block_behind("In `dvc.yaml`"), written, count=1), encoding="utf-8")
    commands = {"train": project.start("python", "-m", "pipeline.train", "model=shallow", *SHORT).finish()}
    (run,) = (path for path in (project.root / "runs" / "shallow").iterdir() if path.is_dir())
    for stage in ("evaluate", "render"):
        words = ("python", "-m", f"pipeline.{stage}", "model=shallow", "+debug=smoke", f"run={run.as_posix()!r}")
        commands[stage] = project.start(*words).finish()
    return Added(project, run, commands)


def test_a_family_is_three_files_a_choice_two_blocks_and_an_entry(added: Added) -> None:
    assert files().keys() == {*FILES, "conf/model/shallow.yaml"}
    stages = yaml.safe_load((added.project.root / "dvc.yaml").read_text(encoding="utf-8"))
    assert list(stages["vars"][0]["families"])[-1] == "shallow"
    code = stage_code("train", "shallow", root=added.project.root)
    assert {added.project.root / path for path in FILES} <= set(code)
    for name, command in added.commands.items():
        assert command.returncode == 0, (name, command.stderr)


def test_its_code_passes_the_check(added: Added) -> None:
    shutil.copy(ROOT / "pyproject.toml", added.project.root)
    for command in (("check",), ("format", "--check")):
        answer = added.project.start("python", "-m", "ruff", *command, *sorted(FILES)).finish()
        assert answer.returncode == 0, answer.stdout


def test_images_of_another_form_are_refused_in_one_line() -> None:
    code = files()["pipeline/settings/shallow.py"]
    defined: dict[str, Any] = {"__name__": "shallow"}
    exec(code, defined)
    settings = defined["ShallowSettings"].model_construct()
    assert settings.for_format(DIGITS) is settings
    with pytest.raises(SettingsError, match="Received: 10 classes of 32 × 32 pixels in grey"):
        settings.for_format(DIGITS.model_copy(update={"size": 32}))


def test_it_is_trained_with_reports_a_best_one_and_its_models(added: Added) -> None:
    metadata = metadata_of(added.run / "models")
    assert metadata["steps"] == 40
    assert metadata["best_step"] in (20, 40)
    kept = {path.stem for path in (added.run / "models" / "best").iterdir()}
    assert kept == {"encoder", "decoder", "shallow"}
    assert "squared error per pixel" in added.commands["train"].stdout


def test_it_learns_and_its_test_loss_stands_in_the_metrics(added: Added) -> None:
    metrics = json.loads((added.run / "reports" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics.keys() == {"loss"}
    assert metrics["loss"] < 0.1


def test_it_is_drawn(added: Added) -> None:
    pictures = added.run / "reports" / "pictures"
    names = {file.name for file in pictures.iterdir()}
    assert names == {"reconstructions.png", "losses.png", "weights-encoder.png", "weights-decoder.png", "training.gif"}
    with Image.open(pictures / "reconstructions.png") as picture:
        assert min(picture.size) >= 200


def test_its_runs_are_tracked_in_an_experiment_of_its_own(added: Added) -> None:
    client = added.project.client()
    experiment = client.get_experiment_by_name("mnist-shallow")
    assert experiment is not None
    runs = {run.data.tags["kind"]: run for run in client.search_runs([experiment.experiment_id])}
    assert runs.keys() == {"training", "evaluate", "render"}
    assert runs["training"].data.params["shallow.code_size"] == "16"
    assert runs["training"].data.metrics["trained/test/loss"] == runs["evaluate"].data.metrics["test/loss"]


def test_a_mistake_in_its_settings_is_one_line_that_names_the_close_one(added: Added) -> None:
    answer = added.project.start("python", "-m", "pipeline.train", "model=shallow", "shallow.code_sise=3").finish()
    assert answer.returncode == 2
    assert answer.stderr == "error: `shallow.code_sise` is not a setting: did you mean `shallow.code_size`?\n"
