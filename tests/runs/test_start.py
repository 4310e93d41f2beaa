"""What a longer training keeps of the best report of the one that it starts from."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.runs import start
from pipeline.runs.folder import RunFolder
from pipeline.settings.judge import JudgeSettings
from pipeline.training.history import History
from tests.composing import settings_of


class Untrained:
    def variables(self) -> dict[str, Any]:
        return {}


def judge(digest: str, **settings: int) -> Any:
    used = {**settings_of().judge.model_dump(), **settings}
    found = SimpleNamespace(digest=digest, settings=JudgeSettings.model_validate(used))
    return SimpleNamespace(calibration=lambda: found)


OURS = judge("a")


def restored(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *overrides: str,
    judged: bool,
    now: Any = OURS,
    best: bool = True,
    data: str = "d",
) -> History:
    """What a VAE's training starts with; that before it held out 10,000 images and asked `OURS`."""
    finished = RunFolder(tmp_path / "finished")
    for folder in (finished.samples, *([finished.weights("best")] if best else [])):
        folder.mkdir(parents=True)
    finished.update_metadata(steps=6, reported_on=start.score_basis(settings_of("model=vae"), OURS, data="d"))
    finished.state.touch()
    history = History(step=6, best_score=(2.0,), best_step=3, best_judged=judged)
    monkeypatch.setattr(start, "load_state", lambda *_: history)
    settings = settings_of("model=vae", f"start_from='{finished.path.as_posix()}'", *overrides)
    untrained: Any = Untrained()
    return start.restore(untrained, settings, RunFolder(tmp_path / "run"), now, data=data)


@pytest.mark.parametrize(
    ("overrides", "judged", "now"),
    [
        ((), True, OURS),
        ((), False, OURS),
        ((), False, judge("b")),
        (("data.validation=5000", "vae.report_images=500"), True, OURS),
    ],
    ids=["the same judge", "its own score", "its own score, whatever the judge", "the judge's score, whatever its own"],
)
def test_the_best_report_stays_where_the_next_scores_compare_with_its_own(
    overrides: tuple[str, ...], judged: bool, now: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert restored(tmp_path, monkeypatch, *overrides, judged=judged, now=now).best_score == (2.0,)
    assert (tmp_path / "run" / "models" / "best").is_dir()


def test_a_score_that_no_judge_gave_waits_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unasked = SimpleNamespace(calibration=lambda: pytest.fail("the judge was asked"))
    assert restored(tmp_path, monkeypatch, judged=False, now=unasked).best_step == 3


@pytest.mark.parametrize(
    ("overrides", "judged", "now"),
    [
        ((), True, judge("b")),
        ((), True, judge("a", report_images=500)),
        (("data.validation=5000",), False, OURS),
        (("vae.report_images=500",), False, OURS),
        (("data.validation=0",), True, OURS),
        (("data.validation=0",), False, OURS),
    ],
    ids=["judge", "the judge's digits", "images held out", "images scored", "nothing to judge on", "nothing held out"],
)
def test_the_best_report_is_reset_where_the_next_scores_are_of_another(
    overrides: tuple[str, ...], judged: bool, now: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = restored(tmp_path, monkeypatch, *overrides, judged=judged, now=now)
    assert (history.best_score, history.best_step) == (None, None)
    assert [path.name for path in (tmp_path / "run" / "models").iterdir()] == ["samples"]


def test_the_best_report_by_its_own_score_is_reset_where_the_data_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert restored(tmp_path, monkeypatch, judged=False, data="e").best_step is None


def test_the_best_report_is_reset_where_its_networks_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert restored(tmp_path, monkeypatch, judged=True, best=False).best_step is None
