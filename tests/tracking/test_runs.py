import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from pipeline.data.files import WriteError
from pipeline.tracking import owners
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.owners import close_abandoned, owner_lives, owner_tags
from pipeline.tracking.runs import Run, RunDescription, flatten
from pipeline.tracking.stage_runs import open_stage_run
from pipeline.tracking.store import Store
from pipeline.tracking.tags import SWEEP_JOB, TRIAL
from tests.patience import wait_for

PLACE = ("acgan", "digits")
KILLED_HALFWAY = """
import os, signal, sys
from pathlib import Path
from pipeline.tracking.runs import RunDescription, Run
from pipeline.tracking.store import connect
with Run(connect(family="acgan", experiment="digits", root=Path(sys.argv[1])), RunDescription(name="killed")):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def status(store: Store, run: Run) -> str:
    return str(store.client.get_run(run.run_id).info.status)


def test_a_run_carries_its_card(store: Store) -> None:
    settings = {"acgan": {"soft_label": {"real": 0.95}, "recipe": "shared", "average": None}, "seed": 3}
    description = RunDescription(name="real=0.95", parameters=settings, tags={"family": "acgan"}, note="An **AC-GAN**.")
    with Run(store, description, system_metrics=False) as run:
        assert status(store, run) == "RUNNING"
    found = store.client.get_run(run.run_id)
    assert found.info.run_name == "real=0.95"
    assert found.data.params == {
        "acgan.soft_label.real": "0.95",
        "acgan.recipe": "shared",
        "acgan.average": "null",
        "seed": "3",
    }
    assert found.data.tags["family"] == "acgan"
    assert found.data.tags["mlflow.note.content"] == "An **AC-GAN**."
    assert found.info.status == "FINISHED"


def test_a_name_longer_than_postgresql_takes_is_cut(store: Store) -> None:
    with Run(store, RunDescription(name="a" * 249 + "bc"), system_metrics=False) as run:
        pass
    assert store.client.get_run(run.run_id).info.run_name == "a" * 249 + "b"


def test_settings_are_written_as_in_the_params_file() -> None:
    assert flatten({"a": {"b": True, "c": [1, 2], "d": Path("x/y")}}) == {
        "a.b": "true",
        "a.c": "[1, 2]",
        "a.d": "x/y",
    }


def test_more_parameters_than_a_batch_are_written(store: Store) -> None:
    with Run(store, RunDescription(name="a", parameters={f"p{n}": n for n in range(250)}), system_metrics=False) as run:
        pass
    assert len(store.client.get_run(run.run_id).data.params) == 250


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("bad\nluck"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(143), "KILLED"),
        (SystemExit(130), "KILLED"),
        (SystemExit(1), "FAILED"),
        (SystemExit("one line"), "FAILED"),
        (SystemExit(0), "FINISHED"),
    ],
)
def test_how_a_run_ends_says_what_ended_it(store: Store, error: BaseException, expected: str) -> None:
    with pytest.raises(type(error)), Run(store, RunDescription(name="a"), system_metrics=False) as run:
        raise error
    assert status(store, run) == expected


def test_a_run_whose_last_points_cannot_be_written_is_not_finished(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Run) -> None:
        raise WriteError("the spool cannot be written: No space left on device")

    with pytest.raises(WriteError), Run(store, RunDescription(name="a"), system_metrics=False) as run:
        monkeypatch.setattr(Run, "flush", refuse)
    assert status(store, run) == "FAILED"


def test_a_failed_run_keeps_its_error_in_one_line(store: Store) -> None:
    with pytest.raises(ValueError, match="bad"), Run(store, RunDescription(name="a"), system_metrics=False) as run:
        raise ValueError("bad\n  luck")
    assert store.client.get_run(run.run_id).data.tags["error"] == "ValueError: bad luck"


def test_an_interrupted_run_goes_on_under_its_id_and_ends_finished(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), Run(store, RunDescription(name="a"), system_metrics=False) as first:
        raise KeyboardInterrupt
    with Run(store, RunDescription(name="a"), resume=first.run_id, system_metrics=False) as second:
        assert second.resumed
        assert status(store, second) == "RUNNING"
    assert second.run_id == first.run_id
    assert status(store, second) == "FINISHED"
    assert "error" not in store.client.get_run(first.run_id).data.tags


def test_a_run_that_goes_on_has_its_new_owner_before_it_is_running(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt), Run(store, RunDescription(name="a"), system_metrics=False) as first:
        raise KeyboardInterrupt
    store.client.set_tag(first.run_id, "owner.process", "1")
    store.client.set_tag(first.run_id, "owner.started_since_boot", "another boot 1.00")
    reopen = store.client.update_run
    closed: list[str] = []

    def look(run_id: str, status: str) -> None:
        reopen(run_id, status=status)
        closed.extend(close_abandoned(store))

    monkeypatch.setattr(store.client, "update_run", look)
    with Run(store, RunDescription(name="a"), resume=first.run_id, system_metrics=False):
        assert closed == []


def test_a_run_that_goes_on_in_another_sweep_has_its_name_and_place_there(store: Store) -> None:
    search, sweep = (store.client.create_run(store.experiment_id).info.run_id for _ in range(2))
    trial = RunDescription(name="trial 0", tags={SWEEP_JOB: "a", TRIAL: "0"}, parent_run_id=search)
    with pytest.raises(KeyboardInterrupt), Run(store, trial, system_metrics=False) as first:
        raise KeyboardInterrupt
    job = RunDescription(name="mode=joint", tags={SWEEP_JOB: "b"}, parent_run_id=sweep)
    by_hand = RunDescription(name="by hand")
    for description in (job, by_hand):  # the latter finishes the sweep's job
        with Run(store, description, resume=first.run_id, system_metrics=False):
            run = store.client.get_run(first.run_id)
            assert (run.info.run_name, run.data.tags[SWEEP_JOB]) == ("mode=joint", "b")
            assert run.data.tags["mlflow.parentRunId"] == sweep
            assert TRIAL not in run.data.tags


def test_a_store_that_does_not_answer_while_abandoned_runs_are_closed_is_one_line(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("database is locked")

    monkeypatch.setattr(store.client, "search_runs", refuse)
    with pytest.raises(TrackingError, match="must answer and accept.*database is locked"):
        close_abandoned(store)


def test_a_run_whose_store_is_gone_starts_anew(store: Store) -> None:
    with Run(store, RunDescription(name="a"), resume="0" * 32, system_metrics=False) as run:
        assert not run.resumed
    assert run.run_id != "0" * 32


def test_a_run_is_not_resumed_with_other_settings(store: Store) -> None:
    with Run(store, RunDescription(name="a", parameters={"seed": 1}), system_metrics=False) as first:
        pass
    with pytest.raises(TrackingError, match="seed"):
        Run(store, RunDescription(name="a", parameters={"seed": 2}), resume=first.run_id, system_metrics=False)
    assert status(store, first) == "FINISHED"


def test_system_metrics_of_a_resumed_run_go_on_without_repeating(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.05")
    key = "system/system_memory_usage_megabytes"
    run_id: str | None = None
    steps: list[int] = []

    def read_steps() -> list[int]:
        return [metric.step for metric in store.client.get_metric_history(str(run_id), key)]

    def has_more() -> bool:
        return len(read_steps()) > len(steps)

    for _ in range(2):
        with Run(store, RunDescription(name="a"), resume=run_id) as run:
            run_id = run.run_id
            wait_for(has_more)
        steps = read_steps()
    assert steps == list(range(len(steps)))


def test_a_child_stands_under_the_run_that_trained_the_model(store: Store, root: Path) -> None:
    with Run(store, RunDescription(name="train"), system_metrics=False) as parent:
        pass
    described = RunDescription(name="evaluate", parent_run_id=parent.run_id)
    with open_stage_run(store, described, place=PLACE, folder=root) as evaluation:
        pass
    found = store.client.get_parent_run(evaluation.run_id)
    assert found is not None
    assert found.info.run_id == parent.run_id


def test_a_child_of_a_run_from_elsewhere_stands_alone_and_says_so(store: Store, root: Path) -> None:
    described = RunDescription(name="evaluate", note="Scores.", parent_run_id="f" * 32)
    with open_stage_run(store, described, place=PLACE, folder=root) as evaluation:
        pass
    assert store.client.get_parent_run(evaluation.run_id) is None
    tags = store.client.get_run(evaluation.run_id).data.tags
    assert tags["parent.unknown"] == "f" * 32
    assert "stands alone" in tags["mlflow.note.content"]


@pytest.mark.slow
def test_a_run_of_a_killed_process_is_closed_as_killed(store: Store, root: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED_HALFWAY, str(root)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL
    (run_id,) = close_abandoned(store)
    found = store.client.get_run(run_id)
    assert found.info.status == "KILLED"
    assert "ended without closing it" in found.data.tags["closed.because"]


def test_a_run_that_ends_while_others_are_looked_at_keeps_its_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(store, RunDescription(name="a"), system_metrics=False)

    def ends(_tags: object) -> bool:
        store.client.set_terminated(run.run_id, "FINISHED")
        return False

    monkeypatch.setattr(owners, "owner_lives", ends)
    assert (close_abandoned(store), status(store, run)) == ([], "FINISHED")


def test_a_run_of_a_living_process_or_of_another_host_stays_open(store: Store) -> None:
    with Run(store, RunDescription(name="alive"), system_metrics=False) as alive:
        other = Run(store, RunDescription(name="elsewhere"), system_metrics=False)
        store.client.set_tag(other.run_id, "owner.host", "another-machine")
        store.client.set_tag(other.run_id, "owner.process", "1")
        assert close_abandoned(store) == []
        assert status(store, alive) == "RUNNING"


def test_a_run_is_of_who_signs_in_at_the_server(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    with Run(store, RunDescription(name="hers"), system_metrics=False) as run:
        assert store.client.get_run(run.run_id).data.tags["mlflow.user"] == "ada"


def test_another_process_under_the_same_id_is_not_the_owner() -> None:
    assert owner_lives(owner_tags())
    since_boot = "owner.started_since_boot"
    assert not owner_lives({**owner_tags(), since_boot: "another boot 1.00"})
    assert owner_tags()["owner.process"] == str(os.getpid())
