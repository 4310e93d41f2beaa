"""The code that decides a result, and the lists of it that the stages of DVC depend on."""

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from pipeline.data.code import (
    ROOTS,
    WITHOUT_EFFECT,
    CodeError,
    all_stage_code,
    code_digest,
    code_of,
    combined_digest,
    list_digests,
    require_listed_code,
    stage_code,
)
from pipeline.settings.paths import ROOT
from tests.dvc_stages import STAGES


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the code that may be changed."""
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def digest(project: Path) -> str:
    return code_digest(stage_code("train", "acgan", root=project), root=project)


def test_imports_are_followed_through_functions_but_not_for_type_checkers(tmp_path: Path) -> None:
    code = {
        "__init__.py": "import os\n",
        "train.py": "from pipeline.data import draw\ndef run():\n    import pipeline.late\n",
        "data/__init__.py": '"""Data."""\n',
        "data/draw.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pipeline.typed import T\n",
        "late.py": "from pipeline.data.draw import noise\nfrom pipeline.tracking import store\nimport numpy\n",
        "typed.py": "",
        "other.py": "",
        "tracking/__init__.py": "from pipeline import other\n",
    }
    for name, text in code.items():
        (tmp_path / "pipeline" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pipeline" / name).write_text(text, encoding="utf-8")
    files = code_of("pipeline.train", without=["tracking"], root=tmp_path)
    found = [file.relative_to(tmp_path / "pipeline").as_posix() for file in files]
    assert found == ["__init__.py", "data/draw.py", "late.py", "train.py"]


def test_a_training_is_decided_by_its_own_family_and_by_no_other() -> None:
    found = {file.relative_to(ROOT / "pipeline").as_posix() for file in stage_code("train", "acgan")}
    assert {"training/acgan/losses.py", "models/generator.py", "kernels/adam.py", "data/batches.py"} <= found
    assert not {name for name in found if "vae" in name or "autoencoder" in name or "encoder_decoder" in name}
    assert not {name for name in found if name.split("/")[0] in ("rendering", "tracking", "sweeps", "cli")}


def test_a_copy_of_the_code_has_the_same_digest_wherever_it_lies(project: Path) -> None:
    copied = digest(project)
    assert copied == digest(ROOT)
    assert len(copied) == 64


@pytest.mark.parametrize(
    "path", ["training/acgan/recipes.py", "models/generator.py", "data/batches.py", "runs/training.py"]
)
def test_the_digest_changes_with_the_code_that_decides_a_training(project: Path, path: str) -> None:
    before = digest(project)
    file = project / "pipeline" / path
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert digest(project) != before


def test_the_digest_changes_with_the_name_of_a_file(project: Path) -> None:
    before = digest(project)
    losses = project / "pipeline" / "training" / "acgan" / "losses.py"
    losses.rename(losses.with_name("losses_of_old.py"))
    assert digest(project) != before


def test_line_ends_and_code_that_decides_nothing_do_not_change_the_digest(project: Path) -> None:
    before = digest(project)
    code = project / "pipeline"
    file = code / "training" / "acgan" / "losses.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (code / "render.py").write_text("", encoding="utf-8")
    (code / "rendering" / "curves.py").unlink()
    (code / "training" / "notes.txt").write_text("no code", encoding="utf-8")
    assert digest(project) == before


def test_several_digests_make_one_that_depends_on_their_order() -> None:
    assert combined_digest("a", "b") == combined_digest("a", "b") != combined_digest("b", "a")
    assert len(combined_digest("a")) == 64


def test_a_list_has_the_digest_and_the_path_of_each_file_as_sha256sum_prints_them(tmp_path: Path) -> None:
    for name, content in (("one.py", b"x = 1\r\n"), ("two.py", b"x = 1\n")):
        (tmp_path / name).write_bytes(content)
    digest = hashlib.sha256(b"x = 1\n").hexdigest()
    assert (
        list_digests([tmp_path / "one.py", tmp_path / "two.py"], root=tmp_path)
        == f"{digest}  one.py\n{digest}  two.py\n"
    )


def test_every_stage_has_its_code_and_of_each_family_its_own() -> None:
    found = all_stage_code(["acgan", "vae"])
    families = {f"{stage}-{family}" for stage in ("train", "evaluate", "render") for family in ("acgan", "vae")}
    assert found.keys() == {"fetch", "judge", *families}
    assert found["render-vae"] == stage_code("render", "vae") != stage_code("render", "acgan")


# What a stage's own file calls beside its work: to compose settings, and to find or make what another stage makes.
BESIDE = (
    *("data.sources", "judging.folder", "judging.identity", "judging.run", "runs.drawing", "runs.location"),
    *("settings.composed", "training.memory"),
)


@pytest.mark.parametrize("stage", ROOTS)
def test_what_the_file_of_a_stage_imports_decides_its_outputs_or_is_known_not_to(stage: str) -> None:
    own = (ROOT / "pipeline" / f"{stage}.py").read_text(encoding="utf-8")
    listed = {
        ".".join(file.relative_to(ROOT / "pipeline").with_suffix("").parts) for file in stage_code(stage, "acgan")
    }
    known = {*listed, *BESIDE}
    imports = re.findall(r"^ *from pipeline\.([\w.]+) import (\w+)", own, flags=re.MULTILINE)
    left = [module for module, name in imports if not {module, f"{module}.{name}"} & known]
    assert len(imports) >= 4
    assert not [module for module in left if not module.startswith(WITHOUT_EFFECT)]


def test_the_judge_is_decided_by_how_its_data_are_read() -> None:
    found = {file.relative_to(ROOT / "pipeline").as_posix() for file in stage_code("judge")}
    assert {"data/dataset_file.py", "data/mnist.py", "data/own.py", "judging/fit.py"} <= found


def test_a_family_without_code_is_one_line() -> None:
    with pytest.raises(CodeError, match=r"the module `pipeline\.training\.gan` must be there"):
        all_stage_code(["acgan", "gan"])


def test_code_that_cannot_be_parsed_concerns_the_stages_that_run_it_alone(project: Path) -> None:
    before = digest(project)
    broken = project / "pipeline" / "training" / "vae" / "bound.py"
    broken.write_text("def (", encoding="utf-8")
    assert digest(project) == before
    assert broken in stage_code("train", "vae", root=project)


def test_a_stage_of_changed_code_is_refused_by_its_list(tmp_path: Path) -> None:
    files, listing = stage_code("train", "vae"), tmp_path / "train-vae.txt"
    require_listed_code("train@vae", tmp_path)  # no list, no refusal: DVC itself misses one that is not there
    listing.write_text(list_digests(files), encoding="utf-8")
    require_listed_code("train@vae", tmp_path)
    listing.write_text(list_digests(files[:-1]), encoding="utf-8")
    with pytest.raises(CodeError, match=r"train-vae\.txt lists it, and it has changed since: run `dvc repro` again"):
        require_listed_code("train@vae", tmp_path)


@pytest.mark.parametrize("name", [name for name in STAGES if name != "digest"])
def test_a_stage_depends_on_the_list_of_its_own_code_and_on_no_code_besides(name: str) -> None:
    families = {stage.partition("@")[2] for stage in STAGES} - {""}
    listing = name.replace("@", "-")
    assert listing in all_stage_code(families)
    assert f"reports/code/{listing}.txt" in STAGES[name]["deps"]
    assert not [path for path in STAGES[name]["deps"] if path.startswith("pipeline")]
