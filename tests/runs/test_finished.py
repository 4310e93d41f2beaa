"""Which figures of an evaluation become headlines of the run that trained."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.data.keys import Key
from pipeline.judging.calibration import judge_metadata
from pipeline.judging.quality import Quality
from pipeline.runs.finished import FinishedRun
from pipeline.runs.folder import RunFiles
from pipeline.runs.location import RunLocation
from tests.composing import settings_of


def quality(count: int, digest: str = "a") -> Any:
    calibration: Any = SimpleNamespace(digest=digest, accuracy=0.99, splits=SimpleNamespace(test=range(10_000)))
    return Quality({}, count, None, calibration)


def headlines(quality: Any, *overrides: str) -> list[Any]:
    written: list[Any] = []
    settings = settings_of(*overrides)
    metadata = {
        "run_id": "f" * 32,
        "settings": settings_of().of_training(),
        "judge": {"digest": "a", "accuracy": 0.99},
    }
    store: Any = SimpleNamespace(knows=lambda _: True, parameter=lambda _, name: {"judge.images": "2000"}[name])
    location = RunLocation(RunFiles(Path(), Path()), metadata, settings)
    run: Any = SimpleNamespace(log_trained_on=lambda run_id, values: written.append((run_id, values)))
    finished = FinishedRun(location)
    finished.log_on_training(run, finished.look_up(store), {Key("loss"): 1.0}, quality)
    assert {run_id for run_id, _ in written} <= {"f" * 32}
    return [values for _, values in written]


def test_figures_of_the_whole_test_set_by_the_trainings_own_judge_are_headlines() -> None:
    assert judge_metadata(quality(10_000).calibration) == {"digest": "a", "accuracy": 0.99}
    assert headlines(quality(10_000)) == [{Key("loss"): 1.0}]
    assert headlines(None) == [{Key("loss"): 1.0}]


def test_figures_of_as_many_digits_as_the_training_was_set_to_are_headlines() -> None:
    assert headlines(quality(2_000), "judge.images=2000") == [{Key("loss"): 1.0}]


def test_figures_of_fewer_digits_or_in_a_smoke_test_are_none() -> None:
    assert headlines(quality(500), "judge.images=500") == []
    assert headlines(None, "data.limit=1000") == []
    assert headlines(quality(10_000), "+debug=smoke") == []


def test_figures_by_another_judge_are_none_and_a_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert headlines(quality(10_000, digest="b")) == []
    assert "another judge measured its reports" in capsys.readouterr().out
