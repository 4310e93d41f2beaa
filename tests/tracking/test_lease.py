"""Runs whose process is on another machine, or in another container of the same name."""

import time

import pytest

from pipeline.tracking import lease
from pipeline.tracking.owners import close_abandoned, owner_tags
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store
from tests.patience import wait_for

ELSEWHERE = "another boot pid:[1]"


def status(store: Store, run: Run) -> str:
    return str(store.client.get_run(run.run_id).info.status)


def tags(store: Store, run: Run) -> dict[str, str]:
    return dict(store.client.get_run(run.run_id).data.tags)


@pytest.fixture
def run(store: Store) -> Run:
    """A run of another container with this one's host name, whose process id nobody has here."""
    made = Run(store, RunDescription(name="a"), system_metrics=False)
    for key, value in {"owner.place": ELSEWHERE, "owner.process": "999999999"}.items():
        store.client.set_tag(made.run_id, key, value)
    return made


def renewed(store: Store, run: Run, *, ago: float) -> None:
    store.client.set_tag(run.run_id, "owner.lease", f"{time.time() - ago:.0f}")


def test_a_run_of_another_container_with_the_same_name_stays_open_while_its_lease_is_renewed(
    store: Store, run: Run
) -> None:
    renewed(store, run, ago=lease.SILENCE_SECONDS - 100)
    assert (close_abandoned(store), status(store, run)) == ([], "RUNNING")


def test_a_run_of_another_machine_is_closed_as_killed_after_silence(store: Store, run: Run) -> None:
    store.client.set_tag(run.run_id, "owner.host", "another-machine")
    renewed(store, run, ago=lease.SILENCE_SECONDS + 100)
    assert (close_abandoned(store), status(store, run)) == ([run.run_id], "KILLED")
    assert tags(store, run)["closed.because"] == "its process was silent for ten minutes"


def test_a_silent_run_of_a_process_that_lives_here_stays_open(store: Store) -> None:
    made = Run(store, RunDescription(name="a"), system_metrics=False)
    renewed(store, made, ago=lease.SILENCE_SECONDS + 100)
    assert tags(store, made)["owner.place"] == owner_tags()["owner.place"]
    assert (close_abandoned(store), status(store, made)) == ([], "RUNNING")


@pytest.mark.parametrize("changed", [{"owner.process": "x"}, {"owner.process": "-1"}, {"owner.lease": "yesterday"}])
def test_a_run_whose_tags_were_changed_by_hand_stays_open(store: Store, changed: dict[str, str]) -> None:
    made = Run(store, RunDescription(name="a"), system_metrics=False)
    for key, value in changed.items():
        store.client.set_tag(made.run_id, key, value)
    assert (close_abandoned(store), status(store, made)) == ([], "RUNNING")


def test_a_run_whose_tag_was_deleted_by_hand_stays_open(store: Store) -> None:
    made = Run(store, RunDescription(name="a"), system_metrics=False)
    store.client.delete_tag(made.run_id, "owner.process")
    assert (close_abandoned(store), status(store, made)) == ([], "RUNNING")


def test_a_living_run_renews_its_lease_and_reopens_where_it_was_closed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.05)
    with Run(store, RunDescription(name="a"), system_metrics=False) as made:
        wait_for(lambda: "owner.lease" in tags(store, made))
        store.client.set_tag(made.run_id, "owner.place", ELSEWHERE)
        store.client.set_tag(made.run_id, "closed.because", "its process was silent for ten minutes")
        store.client.set_terminated(made.run_id, "KILLED")
        wait_for(lambda: status(store, made) == "RUNNING" and "closed.because" not in tags(store, made))
        renewed(store, made, ago=1000)
        wait_for(lambda: time.time() - float(tags(store, made)["owner.lease"]) < 100)
    assert status(store, made) == "FINISHED"


def test_a_run_that_was_closed_before_its_end_ends_as_it_ended(store: Store) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as made:
        wait_for(lambda: "owner.lease" in tags(store, made))
        store.client.set_tag(made.run_id, "closed.because", "its process was silent for ten minutes")
        store.client.set_terminated(made.run_id, "KILLED")
    assert (status(store, made), "closed.because" in tags(store, made)) == ("FINISHED", False)
