"""A run whose tracking server is stopped and started."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.tracking import first_answer
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.spool import Spool
from pipeline.tracking.store import connect
from tests.patience import wait_for
from tests.tracking.servers import LIMIT_SECONDS, Server
from tests.tracking.test_spool import IMAGE, ONLINE, opened, points, steps

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server"), migrated) as started:
        yield started


@pytest.fixture(autouse=True)
def tracked_there(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)


def test_what_is_logged_while_the_server_is_away_is_there_once_when_it_is_back(server: Server, tmp_path: Path) -> None:
    with opened(tmp_path, ONLINE) as run:
        store = connect(family="acgan", experiment="digits", root=tmp_path)
        points(run, 1, 3)
        wait_for(lambda: steps(store.client, run.run_id) == [1, 2, 3])
        server.stop()
        for first in (4, 7):
            points(run, first, first + 2)
            run.picture("samples", IMAGE, first)
            run.text("some text", f"{first}.txt")
        calls = list(Spool(tmp_path / "run" / "spool").waiting())
        assert [step for call in calls for *_, step in call.arguments.get("metrics", ())][-6:] == [4, 5, 6, 7, 8, 9]
        assert {call.attached.name for call in calls if call.attached} >= {"4.txt", "7.txt"}
        time.sleep(3)
        server.start()
        wait_for(lambda: steps(store.client, run.run_id)[-1:] == [9])
        points(run, 10, 10)
    found = store.client.get_run(run.run_id)
    assert steps(store.client, run.run_id) == list(range(1, 11))
    assert len(store.client.list_artifacts(run.run_id, "images")) == 4
    assert {one.path for one in store.client.list_artifacts(run.run_id)} >= {"4.txt", "7.txt"}
    assert found.info.status == "FINISHED"
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir())


def test_a_run_ends_within_its_patience_while_the_server_is_away_and_is_sent_by_the_next(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pipeline.tracking.courier.PATIENCE_SECONDS", 1.0)
    with opened(tmp_path, ONLINE) as run:
        server.stop()
        points(run, 1, 3)
    server.start()
    assert "Send them with `python -m pipeline.sync run=" in capsys.readouterr().out
    with opened(tmp_path, ONLINE, resume=run.run_id) as resumed:
        points(resumed, 1, 5)
    client = connect(family="acgan", experiment="digits", root=tmp_path).client
    assert resumed.run_id == run.run_id
    assert steps(client, run.run_id) == [1, 2, 3, 4, 5]
    assert client.get_run(run.run_id).info.status == "FINISHED"


def test_a_server_that_is_just_restarting_is_waited_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine a server takes longer to start than the half minute that a command waits for it.
    monkeypatch.setattr(first_answer, "_PATIENCE_SECONDS", LIMIT_SECONDS)
    server.stop()
    starting = threading.Thread(target=server.start)
    starting.start()
    try:
        assert connect(family="acgan", experiment="digits", root=tmp_path).experiment_id
    finally:
        starting.join()


def test_a_server_that_refuses_is_not_waited_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_answer, "_PATIENCE_SECONDS", 600.0)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{server.address}/no-such-place")
    with pytest.raises(TrackingError, match="must answer and accept"):
        connect(family="acgan", experiment="digits", root=tmp_path)
