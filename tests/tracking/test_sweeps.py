import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.data.files import LockedError
from pipeline.data.keys import Key
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import SweepResult, children, close_sweep, finished_jobs, open_sweep
from pipeline.tracking.tags import SWEEP_JOB, SWEEP_NUMBER
from pipeline.training.history import Point

LONG = "| a row of a table |\n" * 1000


def train(
    store: Store,
    parent: str,
    *,
    seed: int = 1,
    weight: float = 0.0,
    tags: Mapping[str, str] | None = None,
    fails: bool = False,
    **figures: float,
) -> str:
    parameters = {"seed": seed, "acgan": {"auxiliary_weight": {"generated": weight}}}
    description = RunDescription(name=f"{weight} {seed}", parameters=parameters, tags=tags or {}, parent_run_id=parent)
    run = Run(store, description, system_metrics=False)
    run.log([Point(Key.parse(f"heldout/{name}"), value, step) for step in (1, 2) for name, value in figures.items()])
    run.flush()
    store.client.set_terminated(run.run_id, "FAILED" if fails else "FINISHED")
    return run.run_id


def test_a_sweep_is_found_again_by_the_hash_of_its_jobs_unless_it_is_to_be_new(store: Store) -> None:
    described = RunDescription(name="aux_weights")
    opened = open_sweep(store, "c3d4", described)
    assert open_sweep(store, "e5f6", described) != opened
    assert open_sweep(store, "c3d4", described) == opened
    new = open_sweep(store, "c3d4", described, new=True)
    assert new != opened
    assert open_sweep(store, "c3d4", described) == new


def test_a_sweep_that_another_machine_runs_is_refused_until_its_lease_is_silent(store: Store) -> None:
    described = RunDescription(name="aux_weights")
    opened = open_sweep(store, "c3d4", described)
    store.client.set_tag(opened, "owner.place", "another boot pid:[1]")
    store.client.set_tag(opened, "owner.lease", f"{time.time():.0f}")
    with pytest.raises(LockedError, match=f"another command runs the same sweep or search under the run {opened}"):
        open_sweep(store, "c3d4", described)
    store.client.set_tag(opened, "owner.lease", f"{time.time() - 1000:.0f}")
    assert open_sweep(store, "c3d4", described) == opened


def test_a_sweep_lists_its_jobs_with_what_varies_and_what_came_out(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    for weight in (0.0, 0.25):
        train(store, parent, weight=weight, accuracy=weight + 0.5)
    first, second = children(store, parent)
    assert first.varied == {"acgan.auxiliary_weight.generated": "0.0"}
    assert second.row == {
        "run": "0.25 1",
        "status": "FINISHED",
        "acgan.auxiliary_weight.generated": "0.25",
        "heldout/accuracy": 0.75,
    }


def test_jobs_stand_in_the_order_of_their_command_and_of_attempts_at_one_the_newest(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    first, second = {SWEEP_JOB: "a", SWEEP_NUMBER: "0"}, {SWEEP_JOB: "b", SWEEP_NUMBER: "1"}
    train(store, parent, weight=0.5, tags=second, fails=True)
    began = train(store, parent, weight=0.25, tags=first)
    again = train(store, parent, weight=0.5, tags=second)
    assert [job.run_id for job in children(store, parent)] == [began, again]


def test_a_job_is_one_seed_of_its_setting_and_has_no_figures_unless_it_finished(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    train(store, parent, seed=0, weight=0.25, accuracy=0.9)
    train(store, parent, seed=1, weight=0.5, accuracy=0.8, fails=True)
    first, second = [job.seeded for job in children(store, parent)]
    assert (first.settings, first.seed) == ({"acgan.auxiliary_weight.generated": "0.25"}, "0")
    assert first.measures == {Key.parse("heldout/accuracy"): 0.9}
    assert (second.seed, second.measures) == ("1", {})


def test_a_job_has_the_metrics_that_compare_runs_and_no_others(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    run_id = train(store, parent, accuracy=0.9)
    for key in (
        "reference/accuracy",
        "trained/reference/accuracy",
        "trained/quality/accuracy",
        "images_per_second",
        "a/b/c",
    ):
        store.client.log_metric(run_id, key, 0.99)
    (job,) = children(store, parent)
    assert {key.text for key in job.measures} == {
        "heldout/accuracy",
        "reference/accuracy",
        "trained/quality/accuracy",
        "trained/reference/accuracy",
    }


@pytest.mark.parametrize("tag", ["judge.digest", "code.digest", "start.digest"])
def test_jobs_of_two_judges_of_other_code_or_from_other_starts_are_two_settings(tag: str, store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    for digest in ("a1", "b2"):
        train(store, parent, tags={tag: digest}, accuracy=0.9)
    assert [job.seeded.settings for job in children(store, parent)] == [{tag: "a1"}, {tag: "b2"}]


def test_a_job_from_scratch_is_another_setting_than_one_that_starts_from_a_training(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    train(store, parent, accuracy=0.9)
    train(store, parent, tags={"start.digest": "a1"}, accuracy=0.9)
    assert [job.seeded.settings for job in children(store, parent)] == [
        {"start.digest": "none"},
        {"start.digest": "a1"},
    ]


def test_a_trial_that_its_search_ended_counts_for_nothing(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="quality"))
    train(store, parent, tags={"search.trial": "1", "pruned": "true"}, accuracy=0.9)
    (job,) = children(store, parent)
    assert (job.has_finished, job.seeded.measures) == (False, {})


def test_a_job_that_ended_before_its_settings_were_logged_makes_nothing_vary(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    train(store, parent, accuracy=0.9)
    Run(store, RunDescription(name="cut off", parent_run_id=parent), system_metrics=False)
    first, second = children(store, parent)
    assert (first.varied, second.varied, second.seed) == ({}, {}, "")


def test_finished_jobs_are_known_by_what_decides_them_and_failed_ones_are_not_among_them(store: Store) -> None:
    parent, other = (open_sweep(store, digest, RunDescription(name=digest)) for digest in ("a1", "b2"))
    train(store, parent, weight=0.0, tags={"sweep.job": "c3"})
    train(store, parent, weight=0.5, tags={"sweep.job": "d4"}, fails=True)
    assert finished_jobs(store, parent) == {"c3": "0.0 1"}
    assert finished_jobs(store, other) == {}


def test_a_closed_sweep_keeps_its_tables_and_its_picture_and_shows_them(store: Store, tmp_path: Path) -> None:
    picture = tmp_path / "sweep.png"
    picture.write_bytes(b"a picture")
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights", note="Four weights."))
    outcome = SweepResult(
        runs=[{"run": "a", "accuracy": 0.5}],
        settings=[{"weight": 1, "accuracy/mean": 0.5}],
        texts=["| a table |\n", "a remark"],
        pictures=[(picture, "A caption")],
    )
    close_sweep(store, parent, outcome, status="FAILED")
    found = store.client.get_run(parent)
    assert found.info.status == "FAILED"
    described = found.data.tags["mlflow.note.content"]
    assert described.startswith(
        "Four weights.\n\n| a table |\n\n\na remark\n\nA caption:\n\n![A caption](get-artifact?path="
    )
    kept = {file.name: file.read_text() for file in Path(store.client.download_artifacts(parent, "")).rglob("*.*")}
    assert kept == {
        "sweep.csv": "run,accuracy\na,0.5\n",
        "settings.csv": "weight,accuracy/mean\n1,0.5\n",
        "sweep.png": "a picture",
    }


def test_a_description_too_long_for_the_store_ends_at_a_whole_line(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    close_sweep(store, parent, SweepResult([{"run": "a"}], texts=[LONG]))
    described = store.client.get_run(parent).data.tags["mlflow.note.content"]
    assert len(described) < 8000
    assert described.endswith("| a row of a table |\n\nThe rest is in `sweep.csv`.\n")


def test_a_description_too_long_for_the_store_leaves_room_for_twelve_pictures(store: Store, tmp_path: Path) -> None:
    pictures = [
        (tmp_path / f"reconstruction-{number}.png", f"Fréchet digit distance, {number}") for number in range(12)
    ]
    for picture, _ in pictures:
        picture.write_bytes(b"a picture")
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    close_sweep(store, parent, SweepResult([{"run": "a"}], texts=[LONG], pictures=pictures))
    described = store.client.get_run(parent).data.tags["mlflow.note.content"]
    assert 7000 < len(described) < 8000
    assert described.count("get-artifact") == 12


def test_a_sweep_without_jobs_closes_too(store: Store) -> None:
    parent = open_sweep(store, "ab12", RunDescription(name="aux_weights"))
    close_sweep(store, parent, SweepResult([]), status="KILLED")
    assert store.client.get_run(parent).info.status == "KILLED"
    assert children(store, parent) == []
