"""A clock that is set back or passes midnight, also between two runs: order, names and owners stay right."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.data.keys import Key
from pipeline.tracking import points
from pipeline.tracking.owners import close_abandoned, owner_lives, owner_tags
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import connect
from pipeline.training.history import Point
from tests.places import place

HOUR, DAY = 3600.0, 86400.0
LOSS = Key.parse("train/loss")


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock of the process, and of the system as psutil sees it, by so many seconds from now."""
    system: Any = vars(psutil)["_psplatform"]
    now, boot_time = time.time, system.boot_time

    def set_by(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now() + seconds)
        monkeypatch.setattr(system, "boot_time", lambda: boot_time() + seconds)

    return set_by


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [-HOUR, DAY])
def test_points_stay_in_the_order_of_their_steps_where_the_clock_is_set(
    seconds: float,
    set_clock: Callable[[float], None],
    migrated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(migrated, tmp_path)
    monkeypatch.setattr(points, "_SECONDS", 0.0)
    store = connect(family="acgan", experiment="digits", root=tmp_path)
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        for step in range(1, 7):
            if step == 4:
                set_clock(seconds)
            run.log([Point(LOSS, float(step), step)])
        assert close_abandoned(store) == []
    ended = store.client.get_run(run.run_id)
    assert ended.data.metrics[LOSS.text] == 6
    assert sorted(point.step for point in store.client.get_metric_history(run.run_id, LOSS.text)) == [1, 2, 3, 4, 5, 6]
    assert (ended.info.status, ended.info.end_time >= ended.info.start_time) == ("FINISHED", True)
    with Run(store, RunDescription(name="a"), resume=run.run_id, system_metrics=False) as resumed:
        resumed.log([Point(LOSS, float(step), step) for step in range(5, 9)])
    assert store.client.get_run(run.run_id).data.metrics[LOSS.text] == 8
    assert len(store.client.get_metric_history(run.run_id, LOSS.text)) == 8


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
def test_a_process_owns_its_run_whatever_the_clock_is_set_to(
    seconds: float, set_clock: Callable[[float], None]
) -> None:
    tags = owner_tags()
    set_clock(seconds)
    assert owner_lives(tags)


def test_a_clock_set_back_in_a_sweep_shows_no_negative_time() -> None:
    assert place(number=2, before=2, started=time.time() + HOUR).text == "job 3 of 4"
