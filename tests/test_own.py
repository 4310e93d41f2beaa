"""The whole pipeline on pictures of one's own, in colour and of 32 pixels, as a person would call it."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import write_pictures
from tests.dvc_projects import TINY
from tests.faults.warm import WarmProject
from tests.projects import Finished, Project, metadata_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
NAMES = ("ankle boot", "bag", "coat")


def called(warm: WarmProject, command: str, *words: str) -> Finished:
    finished = warm.start(command, *words).finish()
    assert finished.returncode == 0, finished.stderr
    return finished


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Project:
    project = Project.copied_to(tmp_path_factory.mktemp("own") / "a project", mnist_file)
    write_pictures(project.root / "clothes", NAMES, 140, size=32, channels=3)
    return project


OWN = ("data.source=folder:clothes", "data.name=clothes")


@pytest.fixture(scope="module")
def warm(project: Project) -> Iterator[WarmProject]:
    with WarmProject(project) as started:
        yield started


@pytest.fixture(scope="module")
def trained(warm: WarmProject) -> Finished:
    return called(warm, "train", *TINY, *OWN)


def run_of(project: Project, family: str) -> Path:
    (folder,) = (path for path in (project.root / "runs" / family).iterdir() if path.is_dir())
    return folder


def test_an_acgan_is_trained_judged_and_drawn_with_the_names_of_the_classes(
    project: Project, warm: WarmProject, trained: Finished
) -> None:
    assert "data: clothes, 3 classes of 32 × 32 pixels in colour, not compared with a known SHA-256" in trained.stdout
    folder = run_of(project, "acgan")
    run = f"run={folder}"
    evaluated = called(warm, "evaluate", run)
    assert "real images" in evaluated.stdout
    called(warm, "render", run)
    with (folder / "reports" / "evaluation" / "confusion.csv").open(encoding="utf-8", newline="") as file:
        assert {row["asked"] for row in csv.DictReader(file)} == set(NAMES)
    figures = json.loads((folder / "reports" / "evaluation" / "figures.json").read_text(encoding="utf-8"))
    assert {*figures["quality"]["accuracy_by_digit"]} == {"mean", "worst", "0", "1", "2"}
    page = (folder / "reports" / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in NAMES)
    assert "Accuracy by class" in page
    assert "Generated images beside real ones" in page
    with Image.open(folder / "reports" / "pictures" / "digits.png") as picture:
        assert picture.mode == "RGB"
    tracked = project.tracked("training")[0].data.tags
    assert (tracked["data.name"], tracked["data.check"], len(tracked["data.digest"])) == ("clothes", "none", 64)


@pytest.mark.usefixtures("trained")
def test_classes_are_drawn_by_their_names(project: Project, warm: WarmProject) -> None:
    run = f"run={run_of(project, 'acgan')}"
    called(warm, "render", run, "digits=bag:2:ankle boot", "to=drawn.npz")
    with np.load(project.root / "drawn.npz", allow_pickle=False) as archive:
        assert archive["images"].shape == (3, 32, 32, 3)
        assert archive["digits"].tolist() == [1, 2, 0]
    refused = project.start(sys.executable, "-m", "pipeline.render", run, "digits=hat", "to=hat.png").finish()
    assert refused.returncode == 2
    assert (
        refused.stderr
        == "error: `digits` must be a class from 0 to 2, or one of ankle boot, bag, coat. Received: hat\n"
    )


@pytest.mark.parametrize("family", ["autoencoder", "vae"])
def test_an_encoder_and_a_decoder_take_colour_and_other_sizes(family: str, project: Project, warm: WarmProject) -> None:
    called(warm, "train", f"model={family}", "+debug=smoke", *OWN)
    folder = run_of(project, family)
    called(warm, "evaluate", f"model={family}", f"run={folder}")
    called(warm, "render", f"model={family}", f"run={folder}")
    assert metadata_of(folder / "models")["settings"][family]["channels"] == 3
    with Image.open(folder / "reports" / "pictures" / "reconstructions.png") as picture:
        assert picture.mode == "RGB"


@pytest.mark.usefixtures("trained")
def test_data_that_have_changed_their_form_are_refused_for_a_run(
    project: Project, warm: WarmProject, tmp_path: Path
) -> None:
    kept = (project.root / "data" / "clothes.npz").read_bytes()
    other = write_pictures(tmp_path / "other", NAMES[:2], 140, size=28)
    called(warm, "fetch", f"data.source=folder:{other}", "data.name=clothes")
    run = f"run={run_of(project, 'acgan')}"
    refused = project.start(sys.executable, "-m", "pipeline.evaluate", run).finish()
    (project.root / "data" / "clothes.npz").write_bytes(kept)
    assert refused.returncode == 2
    assert "was trained on 3 classes of 32 × 32 pixels in colour" in refused.stderr
