"""The stages as DVC runs them: what `dvc.yaml` says, and in a project of its own what it does."""

import csv
import json
import math
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo
from PIL import Image

from pipeline.settings.paths import ROOT
from tests.composing import addresses, settings_of
from tests.dvc_projects import small_project
from tests.dvc_stages import STAGES, Stage
from tests.projects import Finished, Project

# The first test that needs it waits for all of what DVC does: twelve stages, of which ten import TensorFlow.
pytestmark = pytest.mark.timeout(2500)
REPRO_SECONDS = 1200

named = pytest.mark.parametrize("name", STAGES)


def outputs(stage: Stage) -> list[str]:
    lines = [line for kind in ("outs", "metrics", "plots") for line in stage.get(kind, [])]
    return [line if isinstance(line, str) else next(iter(line)) for line in lines]


@named
def test_every_stage_runs_a_module_of_its_name_with_valid_settings(name: str) -> None:
    python, flag, module, *overrides = shlex.split(STAGES[name]["cmd"])
    assert (python, flag, module) == ("python", "-m", f"pipeline.{name.split('@', maxsplit=1)[0]}")
    assert find_spec(module) is not None
    settings_of(*overrides)


@named
def test_every_dependency_of_a_stage_is_there_or_made_by_another(name: str) -> None:
    made = [output for stage in STAGES.values() for output in outputs(stage)]
    for dependency in STAGES[name]["deps"]:
        assert (ROOT / dependency).exists() or any(f"{dependency}/".startswith(f"{output}/") for output in made)


@named
def test_every_parameter_of_a_stage_has_a_value(name: str) -> None:
    known = addresses(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")))
    for parameter in STAGES[name].get("params", []):
        assert any(f"{address}.".startswith(f"{parameter}.") for address in known)


def test_every_family_that_can_be_chosen_has_its_stages() -> None:
    families = {file.stem for file in (ROOT / "conf" / "model").glob("*.yaml")}
    assert families >= {"acgan", "autoencoder", "vae"}
    for stage in ("train", "evaluate", "render"):
        assert {name.partition("@")[2] for name in STAGES if name.startswith(f"{stage}@")} == families


@dataclass(frozen=True)
class Reproduced:
    """What DVC did: `dvc repro`, and the same again."""

    project: Project
    first: Finished
    second: Finished


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Reproduced:
    project = small_project(tmp_path_factory.mktemp("stages") / "a project", mnist_file, "data.limit=null")
    sources = {"MNIST_DIR": str(mnist_file.parent)}
    first, second = (project.start("dvc", "repro", extra=sources).finish(seconds=REPRO_SECONDS) for _ in range(2))
    return Reproduced(project, first, second)


@contextmanager
def appended(file: Path, text: str) -> Iterator[None]:
    """Has `text` at the end of a file, as long as the block lasts."""
    before = file.read_bytes()
    file.write_bytes(before + text.encode())
    try:
        yield
    finally:
        file.write_bytes(before)


@pytest.mark.long
def test_one_command_runs_every_stage(reproduced: Reproduced) -> None:
    assert reproduced.first.returncode == 0, reproduced.first.stderr
    for stage in STAGES.values():
        for output in outputs(stage):
            assert (reproduced.project.root / output).exists(), output


@pytest.mark.long
def test_a_second_time_there_is_nothing_to_do(reproduced: Reproduced) -> None:
    assert reproduced.second.returncode == 0
    assert "Running stage" not in reproduced.second.stdout
    assert "up to date" in reproduced.second.stdout


@pytest.mark.long
def test_the_stages_of_dvc_leave_no_run_folder_behind(reproduced: Reproduced) -> None:
    folders = [path for path in (reproduced.project.root / "runs").rglob("*-1") if path.is_dir()]
    assert folders == []


@pytest.mark.long
def test_evaluations_and_renderings_are_children_of_the_training_run(reproduced: Reproduced) -> None:
    trained = reproduced.project.tracked("training")[0].info.run_id
    for kind in ("evaluate", "render"):
        (run,) = reproduced.project.tracked(kind)
        assert run.data.tags["mlflow.parentRunId"] == trained


@pytest.mark.long
def test_metrics_are_losses_and_figures_with_references_also_on_the_training_run(
    reproduced: Reproduced,
) -> None:
    metrics = figures(reproduced, "acgan")
    for scheme in ("hard", "matched"):
        assert metrics["test"][scheme].keys() >= {"generator", "discriminator"}
    values = {address: value for address, value in flat(metrics).items() if isinstance(value, float)}
    assert all(math.isfinite(value) for value in values.values())
    first = reproduced.project.tracked("training")[0]
    final = {key: value for key, value in first.data.metrics.items() if key.startswith("trained/")}
    for name in ("accuracy", "frechet_digit_distance", "coverage", "memorization/median"):
        figure = {key.rpartition("/")[2]: values[key] for key in values if key.startswith(f"quality/{name}/")}
        assert figure.keys() == {"value", "reference"}
        assert final[f"trained/quality/{name}"] == pytest.approx(figure["value"], rel=1e-11)
        assert final[f"trained/reference/{name}"] == pytest.approx(figure["reference"], rel=1e-11)
    losses = {f"trained/{key}": value for key, value in values.items() if key.startswith("test/")}
    assert {key: final[key] for key in losses} == pytest.approx(losses, rel=1e-11)
    assert first.data.tags["judge.digest"] == metrics["judge"]["digest"]


def figures(reproduced: Reproduced, family: str) -> dict[str, Any]:
    file = reproduced.project.root / "reports" / family / "evaluation" / "figures.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def flat(block: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in block.items():
        values |= flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return values


@pytest.mark.long
def test_the_pictures_are_there_and_large_enough_to_see(reproduced: Reproduced) -> None:
    reports = reproduced.project.root / "reports"
    names = {file.name for file in (reports / "acgan" / "pictures").iterdir()}
    assert {"digits.png", "nearest.png", "uncovered.png", "losses.png", "measures.png", "training.gif"} <= names
    assert {"weights-generator.png", "weights-discriminator.png"} <= names
    for file in reports.glob("*/pictures/*"):
        with Image.open(file) as picture:
            assert min(picture.size) >= 200


@pytest.mark.long
def test_every_family_has_its_own_figures_and_pictures(reproduced: Reproduced) -> None:
    reports = reproduced.project.root / "reports"
    metrics = {family: figures(reproduced, family) for family in ("autoencoder", "vae")}
    coders = {"trained", "pca", "random_encoder_linear_decoder"}
    assert metrics["autoencoder"]["test"].keys() == coders
    assert all(errors.keys() == {"mse", "bce"} for errors in metrics["autoencoder"]["test"].values())
    assert metrics["vae"]["test"].keys() == {"loss", "reconstruction", "kl_divergence"}
    assert metrics["vae"]["quality"].keys() >= {"frechet_digit_distance", "coverage", "memorization"}
    assert "accuracy" not in metrics["vae"]["quality"]
    shown = {file.stem for file in (reports / "vae" / "pictures").iterdir()}
    assert shown >= {"digits", "nearest", "uncovered", "reconstructions", "walk", "plane", "scatter"}
    assert shown >= {"losses", "measures"}
    assert not (reports / "vae" / "evaluation" / "confusion.csv").exists()


@pytest.mark.long
def test_the_curves_have_a_row_for_each_step_that_is_reported(reproduced: Reproduced) -> None:
    losses = reproduced.project.root / "reports" / "acgan" / "losses"
    steps = {}
    for name in ("train", "heldout", "reference"):
        with (losses / f"{name}.csv").open(encoding="utf-8") as file:
            steps[name] = [int(row["step"]) for row in csv.DictReader(file)]
    assert steps == {"train": [1, 2, 3, 4, 5, 6], "heldout": [3, 6], "reference": [3, 6]}


def each(*stages: str) -> set[str]:
    """These stages of every family."""
    return {name for name in STAGES if name.partition("@")[0] in stages}


@pytest.mark.long
@pytest.mark.parametrize(
    ("file", "stale"),
    [
        ("conf/sweep/aux_weights.yaml", set()),
        ("conf/experiment/original.yaml", set()),
        ("pipeline/sweeps/sweep.py", set()),
        ("pipeline/tracking/runs.py", set()),
        ("conf/model/vae.yaml", {"train@vae", "evaluate@vae", "render@vae"}),
        ("pipeline/training/loop.py", each("train", "evaluate", "render")),
        ("pipeline/rendering/tiles.py", each("evaluate", "render")),
        ("pipeline/training/vae/bound.py", {"train@vae", "evaluate@vae", "render@vae"}),
        ("pipeline/composition/summaries.py", set()),
        ("pipeline/rendering/confusion.py", each("evaluate")),
        ("pipeline/evaluate.py", each("evaluate")),
        ("pipeline/runs/baselines.py", each("evaluate")),
        ("pipeline/runs/evaluation.py", each("evaluate")),
        ("pipeline/judge.py", {"judge"}),
        ("pipeline/evaluation/frechet.py", {"judge", *each("train", "evaluate", "render")}),
        ("pipeline/data/dataset_file.py", {"fetch", "judge", *each("train", "evaluate", "render")}),
    ],
)
def test_a_change_makes_those_stages_stale_that_it_concerns(file: str, stale: set[str], reproduced: Reproduced) -> None:
    root = reproduced.project.root
    with appended(root / file, "\n# a comment\n"):
        assert reproduced.project.start("dvc", "repro", "digest").finish().returncode == 0
        with Repo(str(root)) as repository:
            status = repository.status()
    changed = {
        name.rpartition(":")[2]
        for name, changes in status.items()
        if any("changed deps" in change for change in changes if isinstance(change, dict))
    }
    assert changed == stale


@pytest.mark.long
def test_a_stage_whose_code_changed_after_it_was_listed_is_refused_in_one_line(reproduced: Reproduced) -> None:
    with appended(reproduced.project.root / "pipeline" / "training" / "loop.py", "\n# a comment\n"):
        extra = {"DVC_STAGE": "train@vae"}
        answer = reproduced.project.start("python", "-m", "pipeline.train", "model=vae", extra=extra).finish()
    assert (answer.returncode, answer.stdout) == (2, "")
    listing = "reports/code/train-vae.txt"
    assert answer.stderr == (
        f"error: the code must be as {listing} lists it, and it has changed since: run `dvc repro` again\n"
    )
