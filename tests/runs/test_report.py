"""The report on a run: what it says of figures, pictures, settings and commands."""

import html as markup
import json
import re
import shutil
from pathlib import Path

import pytest

from pipeline.runs import changes
from pipeline.runs.folder import RunFolder
from pipeline.runs.location import RunLocation, find_run
from pipeline.runs.report import write_report
from pipeline.settings.paths import ROOT
from tests.composing import settings_of
from tests.runs.reported import ORIGIN, RUN_ID, of_dvc, reported_run


@pytest.fixture
def location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunLocation:
    monkeypatch.delenv("DVC_STAGE", raising=False)
    # As it is committed, whatever the checkout has.
    committed = (ROOT / "params.yaml").read_text(encoding="utf-8")
    monkeypatch.setattr(changes, "committed_file", lambda *_: committed)
    monkeypatch.chdir(tmp_path)
    return reported_run(tmp_path / "runs" / "acgan" / "a-1")


def page(location: RunLocation) -> str:
    file = write_report(location)
    assert file == location.files.reports / "index.html"
    return file.read_text(encoding="utf-8")


def test_figures_stand_beside_real_digits_and_those_of_single_digits_apart(location: RunLocation) -> None:
    html = page(location)
    assert '<th scope="row">Accuracy</th><td>0.9964</td><td>0.9936</td>' in html
    assert '<th scope="row">Accuracy by digit, worst</th><td>0.9927</td><td>0.9864</td>' in html
    assert '<th scope="row">3</th><td>0.5000</td><td>0.9941</td>' in html
    assert '<th scope="row">Hard, generator, loss</th><td>1.016</td>' in html
    assert "frechet" not in html
    assert "Measured with the weights of step 600 (last)." in html


def test_pictures_come_in_their_order_and_those_of_a_new_family_after_them(location: RunLocation) -> None:
    shown = re.findall(r'<h2 id="s\d+">([^<]+)</h2>', page(location))
    assert shown == [
        *("Figures", "Accuracy by digit", "Test losses"),
        *("Generated digits beside real ones", "Confusion", "Losses", "Nearest neighbours"),
        *("of-ones-own", "Weights of the generator", "The training in pictures"),
        *("Settings that differ from the default", "How to reproduce"),
    ]


def test_a_picture_of_a_familys_own_may_have_braces_in_its_name(location: RunLocation) -> None:
    shutil.copy(location.files.pictures / "of-ones-own.png", location.files.pictures / "of {one}.png")
    assert '">of {one}</h2>' in page(location)


def test_settings_that_differ_from_the_default_are_listed_and_no_others(location: RunLocation) -> None:
    html = page(location)
    changed = re.findall(r'<th scope="row">([a-z_.]+)</th><td>([^<]+)</td>', html.partition("Settings that")[2])
    assert [pair for pair in changed if "." in pair[0] or pair[0] == "seed"] == [("seed", "4"), ("acgan.steps", "600")]


def test_settings_that_the_training_noted_as_different_are_listed_whatever_they_are_now(tmp_path: Path) -> None:
    made = reported_run(tmp_path / "run")
    RunFolder(tmp_path / "run").update_metadata(changed=["data.limit=5000", "compute.kernels=plain"])
    html = page(find_run(settings_of(f"run={made.files.models.parent.as_posix()}", "judge.images=500")))
    listed = html.rpartition("Settings that")[2].partition("How to reproduce")[0]
    for address, value in (("data.limit", "5000"), ("compute.kernels", "plain")):
        assert f'<th scope="row">{address}</th><td>{value}</td>' in listed
    assert not {"acgan.steps", "judge.images"} & set(re.findall(r'<th scope="row">([a-z_.]+)</th>', listed))


def test_a_run_by_hand_is_reproduced_by_its_own_commands(location: RunLocation) -> None:
    lines = (
        "python -m pipeline.train seed=4",
        "python -m pipeline.evaluate model=acgan run=runs/acgan/a-1",
        "python -m pipeline.render model=acgan run=runs/acgan/a-1",
    )
    assert "\n".join(lines) in page(location)
    assert RUN_ID in page(location)


def test_a_run_that_was_named_by_its_models_is_named_so_in_its_commands(location: RunLocation) -> None:
    models = "runs/acgan/a-1/models"
    shutil.copytree(location.files.reports, Path(models) / "reports")
    assert f"pipeline.evaluate model=acgan run={models}\n" in page(find_run(settings_of(f"run={models}")))


def test_the_commands_of_later_stages_have_the_sizes_that_their_figures_depend_on(
    tmp_path: Path, location: RunLocation
) -> None:
    reported_run(tmp_path / "run")
    asked = settings_of("run=run", "data.limit=300", "judge.images=100", "evaluate.batch_size=7")
    html = page(find_run(asked))
    for stage in ("evaluate", "render"):
        assert re.search(rf"pipeline.{stage} model=acgan run=run data.limit=300 judge.images=100(\n|<)", html)
    assert "batch_size" not in html


def test_own_classes_are_never_called_digits(tmp_path: Path, location: RunLocation) -> None:
    reported_run(tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    names = [f"shape {number}" for number in range(10)]
    blocks = run.metadata()["settings"]
    own = {"data": {**blocks["data"], "name": "shapes"}, "images": {**blocks["images"], "names": names}}
    run.update_metadata(settings=blocks | own)
    html = page(find_run(settings_of("run=run")))
    assert '<th scope="row">Accuracy by class, worst</th>' in html
    assert "digit" not in html.partition("Generated images beside real ones")[0].partition("<main>")[2]


def test_a_run_of_dvc_is_reproduced_by_dvc(location: RunLocation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "render@acgan")
    assert "<code>dvc exp run -S seed=4 -S acgan.steps=600 render@acgan</code>" in page(of_dvc(location))


def test_a_run_that_was_not_evaluated_says_so(location: RunLocation) -> None:
    shutil.rmtree(location.files.evaluation)
    html = page(location)
    assert "This run has not been evaluated yet" in html
    assert "Confusion" not in html


def test_figures_of_an_earlier_training_in_the_same_folder_are_not_its_own(location: RunLocation) -> None:
    earlier = json.dumps({**ORIGIN, "training": "e" * 64})
    (location.files.evaluation / "figures.json").write_text(earlier, encoding="utf-8")
    html = page(location)
    assert "This run has not been evaluated yet" in html
    assert "Confusion" not in html


def test_figures_of_an_evaluation_that_was_cut_off_are_not_shown(location: RunLocation) -> None:
    (location.files.evaluation / "figures.json").unlink()
    assert "This run has not been evaluated yet" in page(location)


def test_commands_can_be_pasted_into_a_shell_whatever_they_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVC_STAGE", raising=False)
    monkeypatch.chdir(tmp_path)
    listed = reported_run(tmp_path / "with a space", "acgan.generator.filters=[192,96,48]")
    assert "python -m pipeline.evaluate model=acgan 'run=with a space'" in markup.unescape(page(listed))
    monkeypatch.setenv("DVC_STAGE", "render@acgan")
    assert "-S 'acgan.generator.filters=[192, 96, 48]' " in markup.unescape(page(of_dvc(listed)))


def test_a_smoke_test_is_marked_as_no_real_result(tmp_path: Path, location: RunLocation) -> None:
    assert "not a real result" not in page(location)
    assert "Marked smoke: not a real result." in page(reported_run(tmp_path / "b-1", "label=smoke"))
