from pathlib import Path

from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.stage_runs import open_stage_run, remove_sent
from pipeline.tracking.store import Store, connect


def test_in_a_store_of_this_machine_a_stage_leaves_nothing_to_be_sent(store: Store, tmp_path: Path) -> None:
    with open_stage_run(store, RunDescription(name="evaluate"), place=("acgan", "mnist"), folder=tmp_path / "a") as run:
        assert store.client.get_run(run.run_id).info.status == "RUNNING"
    assert store.client.get_run(run.run_id).info.status == "FINISHED"
    assert not (tmp_path / "a").exists()


def test_a_stages_run_is_in_the_experiment_of_its_training(root: Path, store: Store) -> None:
    other = connect(family="acgan", experiment="others", root=root)
    with Run(other, RunDescription(name="training"), system_metrics=False) as training:
        pass
    description = RunDescription(name="evaluate", parent_run_id=training.run_id)
    with open_stage_run(store, description, place=("acgan", "digits"), folder=root / "a") as run:
        assert f"/experiments/{other.experiment_id}/runs/{run.run_id}" in run.page
    found = store.client.get_run(run.run_id)
    assert (found.info.experiment_id, found.data.tags["mlflow.parentRunId"]) == (other.experiment_id, training.run_id)


def test_a_folder_goes_with_its_lock_once_nothing_is_left_in_it(tmp_path: Path) -> None:
    folder, lock = tmp_path / "evaluate-1", tmp_path / ".evaluate-1.lock"
    (folder / "spool").mkdir(parents=True)
    lock.touch()
    remove_sent(folder)
    assert (folder.exists(), lock.exists()) == (True, True)
    (folder / "spool").rmdir()
    remove_sent(folder)
    assert list(tmp_path.iterdir()) == []
