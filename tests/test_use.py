"""A trained model as a person uses it: digits on request, of a run named in three ways; exports; services."""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import numpy as np
import pytest
import requests
from PIL import Image

from benchmarks.measuring.servers import served
from benchmarks.serving import MODEL
from pipeline.settings.paths import ROOT
from pipeline.tracking.store import default_uri
from tests.cli.test_command import WITHOUT_TENSORFLOW
from tests.dvc_projects import TINY
from tests.faults.warm import WarmProject
from tests.projects import Finished, Project

# The first test waits for eight commands.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
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

    def draw(**commands: list[str]) -> dict[str, Finished]:
        started = {name: warm.start("render", *words) for name, words in commands.items()}
        return {name: one.finish() for name, one in started.items()}

    (project.root / "mine.png").write_text("mine", encoding="utf-8")
    with WarmProject(project) as warm:
        answers = draw(
            strip=[f"run={folder}", "digits=0031", "seed=3", "to=strip.png"],
            again=[f"run={run.info.run_id}", "digits=0031", "seed=3", "to=again/strip.png"],
            mine=[f"run={folder}", "digits=0031", "to=mine.png"],
        )
        answers["export"] = warm.start("export", f"run={folder}").finish()
        answers["promote"] = warm.start("promote", f"run={folder}", "force=true").finish()
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
    assert (version.run_id, version.tags["decided"], version.tags["forced"]) == (used.run_id, "champion", "label")
    registered = Path(unquote(str(version.source).removeprefix("file://"))) / "artifacts" / "model.keras"
    own = used.project.root / "elsewhere" / "models" / "last" / "generator.keras"
    assert weights_of(registered) == weights_of(own)


def weights_of(file: Path) -> bytes:
    with ZipFile(file) as archive:
        return archive.read("model.weights.h5")


@pytest.fixture(scope="module")
def services(used: Used) -> Iterator[tuple[str, str]]:
    """The addresses of the generator's and the discriminator's service, which may read no pickle."""
    environment: dict[str, Any] = {
        "MLFLOW_TRACKING_URI": default_uri(used.project.root),
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    }
    models = (f"models:/{NAME}@champion", "models:/digits-discriminator@champion")
    with ExitStack() as servers:
        generator, discriminator = (servers.enter_context(served(*MODEL, model, **environment)) for model in models)
        yield generator, discriminator


def ask(address: str, *rows: object) -> Any:
    answer = requests.post(f"{address}/invocations", json={"inputs": rows}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


def pixels(png: str) -> np.ndarray:
    with Image.open(BytesIO(base64.b64decode(png))) as picture:
        return np.asarray(picture).astype(int)


def test_the_service_answers_with_the_images_that_render_draws_of_a_seed(used: Used, services: tuple[str, str]) -> None:
    (seven, three) = ask(services[0], {"digit": 7, "seed": 0}, {"digit": 3, "seed": 0})
    with np.load(used.file("sevens.npz"), allow_pickle=False) as archive:
        drawn = archive["images"][0].astype(int)
    # The fast kernels, which `render` draws with, may round to the level beside.
    assert np.abs(pixels(seven["png"]) - drawn).max() <= 1
    assert seven["numbers"] is None
    assert three["png"] != seven["png"]


def test_a_latent_decides_the_image_and_numbers_are_those_of_its_pixels(services: tuple[str, str]) -> None:
    latent = np.linspace(-1, 1, 100).tolist()
    first, other = ask(
        services[0],
        {"digit": 3, "latent": latent, "numbers": True},
        {"digit": 3, "latent": latent[::-1], "numbers": True},
    )
    assert first["numbers"] != other["numbers"]
    levels = np.rint((np.array(first["numbers"]) + 1) * 127.5)
    np.testing.assert_array_equal(levels, pixels(first["png"]))


def test_the_discriminator_says_whether_an_image_is_real_and_which_digit(services: tuple[str, str]) -> None:
    (image,) = ask(services[0], {"digit": 4, "seed": 2, "numbers": True})
    black = np.full((28, 28), -1.0).tolist()
    of_png, of_numbers, of_black = ask(
        services[1], {"png": image["png"]}, {"numbers": image["numbers"]}, {"numbers": black}
    )
    assert of_png["real"] == pytest.approx(of_numbers["real"], abs=0.01)
    assert of_png["real"] != of_black["real"]
    for answer in (of_png, of_numbers, of_black):
        assert 0 <= answer["real"] <= 1
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert answer["digit"] == np.argmax(answer["probabilities"])


@pytest.mark.parametrize(
    ("service", "rows", "reason"),
    [
        (0, [], "a request must have 1 to 1000 rows. Received: 0"),
        (0, [{"digit": 10, "seed": 1}], "`digit` must be 0 to 9. Received: 10"),
        (0, [{"digit": 3}], "either `seed` or `latent` must be given, and not both"),
        (0, [{"digit": 3, "latent": [0.0] * 99}], "`latent` must be 100 numbers. Received: 99"),
        (0, [3], "Expecting example to be a dictionary"),
        (1, [{}], "either `png` or `numbers` must be given, and not both"),
        (1, [{"png": "!"}], "an image must be a PNG in base64, or numbers"),
        (1, [{"numbers": [[0.0] * 28] * 27}], "an image must have 28 × 28 pixels. Received: 27 × 28"),
    ],
)
def test_a_wrong_row_is_a_bad_request_with_the_reason(
    service: int, rows: list[object], reason: str, services: tuple[str, str]
) -> None:
    answer = requests.post(f"{services[service]}/invocations", json={"inputs": rows}, timeout=60)
    assert (answer.status_code, reason in answer.json()["message"]) == (400, True), answer.text


def test_drawing_tracks_no_run(used: Used) -> None:
    assert len(used.project.tracked("training")) == 1
    assert used.project.tracked("render") == []


WITHOUT_EXTRA = WITHOUT_TENSORFLOW.replace('"mlflow"', '"mlflow", "onnxruntime", "tf2onnx"')


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ("pipeline.export",),
            "exporting needs onnxruntime, tf2onnx: install the extra `export`, as in pip install -e '.[export]'",
        ),
        (
            ("pipeline.promote", "model=vae"),
            "`model` must be a family that generates digits on request. Received: vae",
        ),
        (("pipeline.promote", "run=nowhere"), "nowhere must hold a finished training: "),
        (("pipeline.render", "digits=3::1", "to=a.png"), "`digits` must be digits, as in digits=31415. Received: 3::1"),
        (("pipeline.render", "run=nowhere", "digits=3", "to=a.png"), "nowhere must hold a finished training: "),
        (
            ("pipeline.compare", "runs=1,2"),
            "`runs` must be ids of runs in MLflow, 32 hexadecimal digits each, as in runs=ID,ID. Received: 1, 2",
        ),
        (
            ("pipeline.compare", "runs=1", "to=a.png"),
            "`to` must end in .html, since `runs` makes a page. Received: a.p",
        ),
        (("pipeline.train", "runs=1"), "`compare` is for `python -m pipeline.compare` alone: leave it out"),
        (
            ("pipeline.train", "run=a"),
            "`run` is for `python -m pipeline.evaluate`, `python -m pipeline.render`, ",
        ),
        (("pipeline.evaluate", "start_from=a"), "`start_from` is for `python -m pipeline.train` alone: leave it out"),
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
