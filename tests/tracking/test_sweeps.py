from pathlib import Path

from pipeline.tracking.runs import Card, Run
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import children, close_sweep, find_sweep, open_sweep


def test_jobs_find_their_sweep_by_its_folder(store: Store, tmp_path: Path) -> None:
    opened = open_sweep(store, tmp_path / "it's a sweep", Card(name="aux_weights"))
    open_sweep(store, tmp_path / "another", Card(name="aux_weights"))
    assert find_sweep(store, tmp_path / "it's a sweep") == opened
    assert open_sweep(store, tmp_path / "it's a sweep", Card(name="aux_weights")) == opened
    assert find_sweep(store, tmp_path / "none") is None


def test_a_sweep_lists_its_jobs_with_what_varies_and_what_came_out(store: Store, tmp_path: Path) -> None:
    parent = open_sweep(store, tmp_path, Card(name="aux_weights"))
    for weight in (0.0, 0.25):
        settings = {"seed": 1, "acgan": {"auxiliary_weight": {"generated": weight}}}
        with Run(store, Card(name=f"{weight}", parameters=settings, parent_run_id=parent), system_metrics=False) as job:
            job.final({"loss": weight + 1})
    first, second = children(store, parent)
    assert first.varied == {"acgan.auxiliary_weight.generated": "0.0"}
    assert second.row == {
        "run": "0.25",
        "status": "FINISHED",
        "acgan.auxiliary_weight.generated": "0.25",
        "final/loss": 1.25,
    }


def test_a_closed_sweep_shows_its_table(store: Store, tmp_path: Path) -> None:
    parent = open_sweep(store, tmp_path, Card(name="aux_weights", description="Four weights."))
    close_sweep(store, parent, [{"run": "a", "final/loss": 1.5}], status="FAILED")
    found = store.client.get_run(parent)
    assert found.info.status == "FAILED"
    assert (
        found.data.tags["mlflow.note.content"] == "Four weights.\n\n| run | final loss |\n| --- | --- |\n| a | 1.5 |\n"
    )
    assert [entry.path for entry in store.client.list_artifacts(parent)] == ["sweep.csv"]


def test_a_sweep_without_jobs_closes_too(store: Store, tmp_path: Path) -> None:
    parent = open_sweep(store, tmp_path, Card(name="aux_weights"))
    close_sweep(store, parent, [], status="KILLED")
    assert store.client.get_run(parent).info.status == "KILLED"
    assert children(store, parent) == []
