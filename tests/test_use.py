"""A trained model as a person uses it: digits on request, of a run named by folder, id or registered model; exports."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from pipeline.settings.paths import ROOT
from tests.cli.test_command import WITHOUT_TENSORFLOW
from tests.dvc_projects import TINY
from tests.projects import Finished, Project, Started

# The first test waits for eight commands, six of which import TensorFlow.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
NAME = "digits-generator"


@dataclass(frozen=True)
class Used:
    """A tiny training, and commands that used it.

    Attributes:
        run_id: The training's run in MLflow.
        answers: What the commands said, by name.
    """

    project: Project
    run_id: str
    answers: dict[str, Finished]

    def file(self, name: str) -> Path:
        return self.project.root / name


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Used:
    project = Project.copied_to(tmp_path_factory.mktemp("used") / "a project", mnist_file)
    trained = project.train(*TINY).finish()
    assert trained.returncode == 0, trained.stderr
    (folder,) = project.folders()
    (run,) = project.tracked("training")

    def call(command: str, *words: str) -> Started:
        return project.start(sys.executable, "-m", f"pipeline.{command}", *words)

    def draw(**commands: list[str]) -> dict[str, Finished]:
        started = {name: call("render", *words) for name, words in commands.items()}
        return {name: one.finish() for name, one in started.items()}

    (project.root / "mine.png").write_text("mine", encoding="utf-8")
    answers = draw(
        strip=[f"run={folder}", "digits=0031", "seed=3", "to=strip.png"],
        again=[f"run={run.info.run_id}", "digits=0031", "seed=3", "to=again/strip.png"],
        mine=[f"run={folder}", "digits=0031", "to=mine.png"],
    )
    answers["export"] = call("export", f"run={folder}").finish()
    answers["promote"] = call("promote", f"run={folder}").finish()
    # As on another machine, which has the tracking store alone.
    shutil.move(folder, project.root / "elsewhere")
    answers |= draw(model=[f"run=models:/{NAME}@champion", "digits=0031", "seed=3", "to=model.png"])
    answers |= draw(arrays=[f"run={run.info.run_id}", "digit=7", "count=12", "to=sevens.npz"])
    return Used(project, run.info.run_id, answers)


def test_a_strip_shows_each_digit_also_leading_zeros(used: Used) -> None:
    answer = used.answers["strip"]
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("strip.png: 4 images of acgan ")
    assert answer.stdout.endswith(" smoke, drawn with seed 3\n")
    with Image.open(used.file("strip.png")) as picture:
        assert picture.size == (4 * (4 * 28 + 3), 4 * 28)


@pytest.mark.parametrize(("name", "file"), [("again", "again/strip.png"), ("model", "model.png")])
def test_a_runs_id_and_a_registered_model_draw_the_same(name: str, file: str, used: Used) -> None:
    assert (used.answers[name].returncode, used.answers[name].stderr) == (0, "")
    assert used.file(file).read_bytes() == used.file("strip.png").read_bytes()


def test_arrays_have_as_many_images_of_the_digit_as_asked_for(used: Used) -> None:
    assert used.answers["arrays"].returncode == 0, used.answers["arrays"].stderr
    with np.load(used.file("sevens.npz"), allow_pickle=False) as archive:
        assert archive["images"].shape == (12, 28, 28)
        assert archive["digits"].tolist() == [7] * 12


def test_a_file_of_ones_own_stays(used: Used) -> None:
    answer = used.answers["mine"]
    assert answer.returncode == 2
    assert answer.stderr == ("error: `to` must be new, or add force=true to replace its files. Received: mine.png\n")
    assert used.file("mine.png").read_text(encoding="utf-8") == "mine"


def test_the_halves_and_the_judge_are_exported_and_logged_on_the_training_run(used: Used) -> None:
    answer = used.answers["export"]
    assert (answer.returncode, answer.stderr) == (0, "")
    *models, where = answer.stdout.splitlines()
    assert [line.partition(",")[0] for line in models] == ["generator.onnx", "discriminator.onnx", "judge.onnx"]
    assert where.endswith("/exports: also on its run in MLflow")
    logged = {artifact.path for artifact in used.project.client().list_artifacts(used.run_id, "exports")}
    names = ("generator", "discriminator", "judge")
    assert logged == {f"exports/{name}{end}" for name in names for end in ("", ".onnx")}
    (exports,) = (used.project.root / "elsewhere").glob("exports")
    assert all((exports / name / "saved_model.pb").exists() for name in names)


def test_the_first_generator_that_is_promoted_is_the_champion_and_loads_as_it_was_trained(used: Used) -> None:
    answer = used.answers["promote"]
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"{NAME}, version 1: champion\n  it is the first version\n"
    version = used.project.client().get_model_version_by_alias(NAME, "champion")
    assert (version.run_id, version.tags["decided"]) == (used.run_id, "champion")
    registered = Path(unquote(str(version.source).removeprefix("file://"))) / "data" / "model.keras"
    own = used.project.root / "elsewhere" / "models" / "last" / "generator.keras"
    assert weights_of(registered) == weights_of(own)


def weights_of(file: Path) -> bytes:
    with ZipFile(file) as archive:
        return archive.read("model.weights.h5")


def test_drawing_tracks_no_run(used: Used) -> None:
    assert len(used.project.tracked("training")) == 1
    assert used.project.tracked("render") == []


WITHOUT_EXTRA = WITHOUT_TENSORFLOW.replace('"mlflow"', '"mlflow", "onnxruntime", "tf2onnx"')


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ("pipeline.export",),
            "exporting needs onnxruntime, tf2onnx: install the extra `export`, as in pip install onnxruntime tf2onnx",
        ),
        (
            ("pipeline.promote", "model=vae"),
            "`model` must be a family that generates digits on request. Received: vae",
        ),
        (("pipeline.promote", "run=nowhere"), "nowhere must hold a finished training: "),
        (("pipeline.render", "digits=31a", "to=a.png"), "`digits` must be digits, as in digits=31415. Received: 31a"),
        (("pipeline.render", "run=nowhere", "digits=3", "to=a.png"), "nowhere must hold a finished training: "),
        (("pipeline.train", "digits=3", "to=a.png"), "`digits` is for `python -m pipeline.render` alone: leave it out"),
    ],
)
def test_a_wrong_request_is_one_line_before_tensorflow_is_imported(
    words: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRA, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"error: {reason}")
    assert answer.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
