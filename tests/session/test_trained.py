"""Which figures of an evaluation become headlines of the run that trained."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.session import trained
from pipeline.session.cards import judge_facts
from pipeline.session.measuring import Quality
from pipeline.session.places import Place
from pipeline.session.trained import Trained
from tests.composing import settings_of


def quality(count: int, digest: str = "a") -> Any:
    calibration: Any = SimpleNamespace(
        digest=digest, accuracy=0.99, label=None, splits=SimpleNamespace(test=range(10_000))
    )
    return Quality({}, count, None, calibration)


def headlines(monkeypatch: pytest.MonkeyPatch, quality: Any, *overrides: str) -> list[Any]:
    written: list[Any] = []
    monkeypatch.setattr(trained, "Recorder", lambda *_: SimpleNamespace(final=written.append))
    settings = settings_of(*overrides)
    facts = {
        "run_id": "f" * 32,
        "settings": settings_of().of_training(),
        "judge": {"digest": "a", "accuracy": 0.99, "label": None},
    }
    store: Any = SimpleNamespace(knows=lambda _: True, parameter=lambda _, name: {"calibrate.images": "2000"}[name])
    Trained(Place(Path(), Path(), facts, settings)).headline(store, {"loss": 1.0}, quality)
    return written


def test_figures_of_the_whole_test_set_by_the_trainings_own_judge_are_headlines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert judge_facts(quality(10_000).calibration) == {"digest": "a", "accuracy": 0.99, "label": None}
    assert headlines(monkeypatch, quality(10_000)) == [{"loss": 1.0}]
    assert headlines(monkeypatch, None) == [{"loss": 1.0}]


def test_figures_of_as_many_digits_as_the_training_was_set_to_are_headlines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert headlines(monkeypatch, quality(2_000), "calibrate.images=2000") == [{"loss": 1.0}]


def test_figures_of_fewer_digits_or_by_another_judge_or_in_a_smoke_test_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert headlines(monkeypatch, quality(500), "calibrate.images=500") == []
    assert headlines(monkeypatch, quality(10_000, digest="b")) == []
    assert headlines(monkeypatch, None, "data.limit=1000") == []
    assert headlines(monkeypatch, quality(10_000), "+debug=smoke") == []
