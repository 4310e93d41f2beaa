from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.measuring.errors import BenchmarkError
from benchmarks.trainings import scores
from benchmarks.trainings.recipes import plan
from benchmarks.trainings.records import Record
from benchmarks.trainings.scores import score_runs
from benchmarks.trainings.summary import Run
from pipeline.evaluation.sample import Sample
from pipeline.judging.calibration import Calibration
from pipeline.training.family import Family, Generated, find_family
from tests.evaluation.samples import draw_sample

PLANNED = plan(("default",), (0,))
RECORD = Record("default", 0, "command", "today", "code", None, 40.0, 70.0, 6, "runs/acgan/a-1", {3: 20.0, 6: 30.5})


@dataclass
class Judged:
    """A judge that sees what was drawn for the digits."""

    digest: str
    test: Sample

    def sample(self, images: NDArray[Any], digits: NDArray[Any]) -> Sample:
        return replace(draw_sample(2, len(images)), images=images, digits=digits)


@dataclass
class Generator:
    """Makes what the test images show, and counts."""

    made: int = 0

    def generate(self, _parts: object, _settings: object, count: int) -> Generated:
        self.made += 1
        drawn = draw_sample(2, count)
        return Generated(drawn.images.astype(np.float32), drawn.digits.astype(np.int32))


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> Generator:
    fake = Generator()
    family = replace(find_family("acgan"), generate=fake.generate)
    monkeypatch.setattr(scores, "find_family", lambda _name: family)
    monkeypatch.setattr(scores, "load_parts", lambda _folder: {})
    return fake


def scored(folder: Path, *, record: Record = RECORD, digest: str = "one", count: int = 200) -> Run:
    calibration = cast(Calibration, Judged(digest, draw_sample(2, count)))
    (run,) = score_runs(PLANNED, [record], calibration, folder=folder, say=lambda _line: None)
    return run


def test_digits_like_the_test_images_score_as_these_do(generator: Generator, tmp_path: Path) -> None:
    run = scored(tmp_path)
    assert [(report.step, report.seconds) for report in run.reports] == [(3, 20.0), (6, 30.5)]
    for report in run.reports:
        assert report.values == {"accuracy": 1, "frechet_digit_distance": pytest.approx(0, abs=1e-9), "coverage": 1}
    assert run.classification_accuracy is None


def test_what_is_scored_is_not_scored_again(generator: Generator, tmp_path: Path) -> None:
    first = scored(tmp_path)
    assert scored(tmp_path) == first
    assert generator.made == 2


@pytest.mark.parametrize(
    "other", [{"digest": "two"}, {"count": 150}, {"record": replace(RECORD, began="tomorrow")}], ids=str
)
def test_another_judge_sample_or_training_is_scored_anew(
    generator: Generator, tmp_path: Path, other: dict[str, Any]
) -> None:
    scored(tmp_path)
    scored(tmp_path, **other)
    assert generator.made == 4


def test_a_family_that_makes_no_digits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    family: Family = replace(find_family("acgan"), generate=None)
    monkeypatch.setattr(scores, "find_family", lambda _name: family)
    with pytest.raises(BenchmarkError, match="must be of a family that makes digits"):
        scored(tmp_path)
