"""What a longer training keeps of the best report of the one that it starts from."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.session import training
from pipeline.training.checkpoints import STATE
from pipeline.training.folder import RunFolder, write_facts
from pipeline.training.history import History
from tests.composing import settings_of

OURS, OTHER = {"digest": "a"}, {"digest": "b"}


class Untrained:
    def variables(self) -> dict[str, Any]:
        return {}


def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *overrides: str, judge: Any) -> History:
    finished = tmp_path / "finished" / "models"
    for folder in ("samples", "best"):
        (finished / folder).mkdir(parents=True)
    write_facts(finished, {"steps": 6, "judge": OURS, "settings": settings_of("model=vae").of_training()})
    (finished / STATE).touch()
    monkeypatch.setattr(training, "load_state", lambda *_: History(step=6, best_score=(2.0,), best_step=3))
    settings = settings_of("model=vae", f"start_from='{finished.parent.as_posix()}'", *overrides)
    untrained: Any = Untrained()
    return training._restore(untrained, settings, RunFolder(tmp_path / "run"), judge=judge)


@pytest.mark.parametrize("judge", [OURS, None], ids=["the same judge", "a score of its own"])
def test_the_best_report_stays_where_the_next_ones_compare_with_it(
    judge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert restored(tmp_path, monkeypatch, judge=judge).best_score == (2.0,)
    assert (tmp_path / "run" / "models" / "best").is_dir()


@pytest.mark.parametrize(
    ("overrides", "judge"),
    [((), OTHER), (("data.validation=0",), OURS), (("data.validation=5000",), None)],
    ids=["another judge", "nothing held out", "other images held out"],
)
def test_the_best_report_is_forgotten_where_the_next_ones_do_not_compare_with_it(
    overrides: tuple[str, ...], judge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = restored(tmp_path, monkeypatch, *overrides, judge=judge)
    assert (history.best_score, history.best_step) == (None, None)
    models = tmp_path / "run" / "models"
    assert [path.name for path in models.iterdir()] == ["samples"]
