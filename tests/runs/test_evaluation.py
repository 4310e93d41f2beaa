"""The result of an evaluation as files, metrics and tables."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pipeline.data.keys import Key
from pipeline.evaluation.references import Measurement
from pipeline.judging.calibration import Calibration, load_calibration
from pipeline.judging.quality import Quality
from pipeline.judging.result import write_calibration
from pipeline.runs.evaluation import EvaluationResult, headline_numbers
from pipeline.runs.folder import RunFiles
from pipeline.runs.location import Weights
from pipeline.training.family import find_family
from tests.judges import tiny_fitted, tiny_mnist, tiny_settings

pytestmark = pytest.mark.slow

LOSSES = {Key.parse(f"test/{scheme}/generator/loss"): value for scheme, value in (("hard", 0.7), ("matched", 0.8))}
FIGURES = {
    Key("accuracy"): Measurement(0.98, 0.99),
    Key.parse("accuracy_by_digit/mean"): Measurement(0.97, 0.98),
    Key.parse("accuracy_by_digit/7"): Measurement(0.9, 0.95),
}
COUNTS = 5 * np.eye(10, dtype=np.int64)
COUNTS[4, 9] = 2


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    folder = tmp_path_factory.mktemp("judge")
    metadata = {"settings": tiny_settings().model_dump(mode="json"), "limit": None}
    write_calibration(tiny_fitted(), folder, {**metadata, "data": "d1", "code": "c2"})
    return load_calibration(folder, tiny_mnist())


@pytest.fixture
def result(calibration: Calibration) -> EvaluationResult:
    quality = Quality(FIGURES, 52, COUNTS, calibration)
    return EvaluationResult(Weights("best", 1350), LOSSES, quality, {Key("accuracy"): 0.98})


def shown(result: EvaluationResult, family: str = "acgan") -> str:
    file = io.StringIO()
    console = Console(file=file, width=120)
    for table in result.tables(find_family(family)):
        console.print(table)
    return file.getvalue()


def test_no_figure_is_written_without_its_reference_and_the_judge_that_gave_it(
    result: EvaluationResult, calibration: Calibration, tmp_path: Path
) -> None:
    result.write(RunFiles(tmp_path, tmp_path))
    content = json.loads((tmp_path / "evaluation" / "figures.json").read_text(encoding="utf-8"))
    assert content["test"]["matched"]["generator"]["loss"] == 0.8
    assert content["quality"]["accuracy"] == {"value": 0.98, "reference": 0.99}
    assert content["quality"]["accuracy_by_digit"]["7"] == {"value": 0.9, "reference": 0.95}
    assert content["judge"] == {"digest": calibration.digest, "accuracy": calibration.accuracy}
    assert content["weights"] == {"which": "best", "step": 1350}


def test_the_headline_alone_is_what_dvc_compares(result: EvaluationResult, tmp_path: Path) -> None:
    result.write(RunFiles(tmp_path, tmp_path))
    assert json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8")) == {"accuracy": 0.98}


@pytest.mark.parametrize(
    ("family", "losses", "expected"),
    [
        ("acgan", ("test/matched/generator/loss",), {"accuracy": 0.98}),
        ("autoencoder", ("test/trained/mse", "test/trained/bce"), {"mse": 0.5, "bce": 0.5}),
        ("vae", ("test/loss", "test/kl_divergence"), {"loss": 0.5, "kl_divergence": 0.5}),
    ],
)
def test_the_headline_is_what_a_familys_names_of_what_was_measured(
    family: str, losses: tuple[str, ...], expected: dict[str, float], result: EvaluationResult
) -> None:
    quality = result.quality if family == "acgan" else None
    found = headline_numbers(find_family(family), {Key.parse(loss): 0.5 for loss in losses}, quality)
    assert {key.text: value for key, value in found.items()} == expected


@pytest.mark.parametrize("family", ["acgan", "autoencoder", "vae"])
def test_a_headline_has_at_most_twelve_numbers(family: str) -> None:
    assert len(find_family(family).headline) <= 12


def test_the_confusion_is_a_row_a_digit_for_dvc_to_count(result: EvaluationResult, tmp_path: Path) -> None:
    result.write(RunFiles(tmp_path, tmp_path))
    with (tmp_path / "evaluation" / "confusion.csv").open(encoding="utf-8") as file:
        rows = [(int(row["asked"]), int(row["read"])) for row in csv.DictReader(file)]
    assert len(rows) == 52
    assert rows.count((4, 9)) == 2
    assert rows.count((3, 3)) == 5
    assert (tmp_path / "evaluation" / "confusion.png").stat().st_size > 1000


def test_values_are_losses_figures_and_references_with_or_without_single_digits(
    result: EvaluationResult,
) -> None:
    assert result.values(digits=False) == {
        **LOSSES,
        Key.parse("quality/accuracy"): 0.98,
        Key.parse("quality/accuracy_by_digit/mean"): 0.97,
        Key.parse("reference/accuracy"): 0.99,
        Key.parse("reference/accuracy_by_digit/mean"): 0.98,
    }
    assert result.values()[Key.parse("quality/accuracy_by_digit/7")] == 0.9


def test_the_tables_are_of_each_scheme_of_single_digits_and_of_all(result: EvaluationResult) -> None:
    text = shown(result)
    assert "hard test losses in nats\n" in "\n".join(line.strip() for line in text.splitlines())
    assert "matched test losses in nats" in text
    assert "52 generated digits, weights of step 1,350 (best), by digit" in text
    assert text.rindex("accuracy_by_digit/mean") > text.index("52 generated digits, weights of step 1,350 (best)")


def test_a_family_without_schemes_components_or_digits_has_one_table_of_its_losses(
    result: EvaluationResult, tmp_path: Path
) -> None:
    losses = {Key.parse("test/loss"): 0.25, Key.parse("test/kl"): 0.5}
    plain = replace(result, losses=losses, quality=None, headline={Key("loss"): 0.25})
    text = shown(plain, "vae")
    assert text.splitlines()[0].strip() == "test losses in nats per image"
    assert text.splitlines()[2].split() == ["component", "loss", "kl"]
    files = RunFiles(tmp_path, tmp_path)
    files.update_metadata(digest="d")
    plain.write(files)
    assert json.loads((tmp_path / "evaluation" / "figures.json").read_text(encoding="utf-8")) == {
        "training": "d",
        "weights": {"which": "best", "step": 1350},
        "test": {"loss": 0.25, "kl": 0.5},
    }
    assert {path.name for path in (tmp_path / "evaluation").iterdir()} == {"figures.csv", "figures.json"}


def test_every_figure_is_in_one_table_with_its_reference(result: EvaluationResult, tmp_path: Path) -> None:
    result.write(RunFiles(tmp_path, tmp_path))
    lines = (tmp_path / "evaluation" / "figures.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["figure,value,reference", "test/hard/generator/loss,0.7,"]
    assert "quality/accuracy_by_digit/7,0.9,0.95" in lines


def test_digits_that_were_not_asked_for_have_no_confusion(result: EvaluationResult, tmp_path: Path) -> None:
    assert result.quality is not None
    unasked = replace(result, quality=replace(result.quality, confusion=None))
    unasked.write(RunFiles(tmp_path, tmp_path))
    assert {path.name for path in (tmp_path / "evaluation").iterdir()} == {"figures.csv", "figures.json"}
    assert "52 generated digits, weights of step 1,350 (best)" in shown(unasked)
