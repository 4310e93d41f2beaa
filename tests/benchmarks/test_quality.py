import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measuring.machine import describe_machine
from benchmarks.quality import describe, main, parse
from benchmarks.trainings.goals import find_goals
from benchmarks.trainings.summary import FRECHET
from pipeline.settings.paths import ROOT
from tests.benchmarks.runs import REFERENCES, report, run, three
from tests.projects import Finished, Project

REPORT = report(750, 280)
TINY = ("acgan.generator.filters=[8,8,8]", "acgan.discriminator.filters=[4,4,4,4]")
SMOKE = ("+debug=smoke", "acgan.steps=4", "acgan.report_every=2", *TINY)


def test_unsaid_it_compares_the_default_with_the_original_on_three_seeds() -> None:
    options = parse([])
    assert (options.recipes, options.seeds, options.reuse) == (("default", "original"), (0, 1, 2), False)


def test_words_that_are_no_options_go_to_every_training() -> None:
    assert parse(["--seeds", "4", "+debug=smoke", "acgan.steps=6"]).overrides == ["+debug=smoke", "acgan.steps=6"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--recipes", "default,best"], "must be of default, original, compact, long. Received: 'best'"),
        (["--seeds", "0,-1"], "must be whole numbers, such as 0,1,2. Received: 0,-1"),
        (["--seeds", "0,1,1"], "must differ. Received: 0,1,1"),
    ],
)
def test_a_mistyped_option_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(words)
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_a_mistyped_setting_is_one_line_before_anything_is_trained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--recipes", "default", "acgan.stepz=3"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "acgan.stepz" in line


@pytest.mark.parametrize(("seeds", "said"), [(2, True), (3, False)])
def test_the_text_says_where_seeds_are_too_few(seeds: int, said: bool) -> None:
    runs = three("default", REPORT)[:seeds]
    text = describe(runs, find_goals(runs), REFERENCES, describe_machine())
    assert ("no recipe is called better" in text) is said
    assert "| real digits |" in text


def test_a_smoke_test_is_said_to_prove_nothing() -> None:
    runs = [run("default", seed, REPORT, label="smoke") for seed in range(3)]
    assert "no recipe is called better" in describe(runs, find_goals(runs), REFERENCES, describe_machine())


def benchmark(root: Path, mnist: Path, *words: str) -> tuple[Project, Finished]:
    project = Project.copied_to(root, mnist)
    shutil.copytree(ROOT / "benchmarks", root / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    return project, project.start(sys.executable, "-m", "benchmarks.quality", *words, *SMOKE).finish()


@pytest.mark.slow
def test_a_recipe_is_trained_timed_scored_and_drawn(tmp_path: Path, mnist_file: Path) -> None:
    project, done = benchmark(tmp_path / "a project", mnist_file, "--recipes", "default", "--seeds", "1")
    assert done.returncode == 1, done.stderr
    results = project.root / "runs" / "quality" / "results.json"
    content: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
    assert content["judge"]["label"] == "smoke"
    assert {goal["met"] for goal in content["goals"]} == {False}
    (described,) = content["runs"]
    assert described["command"].startswith("python -m pipeline.train seed=1 ")
    assert [one["step"] for one in described["reports"]] == [2, 4]
    first, last = (one["seconds"] for one in described["reports"])
    assert 1 < first < last < described["seconds"]
    assert all(one["values"].keys() == {"accuracy", FRECHET, "coverage"} for one in described["reports"])
    assert results.with_suffix(".md").read_text(encoding="utf-8").endswith("is called better.\n")
    assert results.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
