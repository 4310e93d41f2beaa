import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data.keys import Key
from pipeline.data.rows import as_csv
from pipeline.tracking.datasets import LoggedImages
from pipeline.tracking.recorder import Recorder, as_markdown
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store

GRID = np.random.default_rng(0).integers(0, 256, (56, 84), dtype=np.uint8)


@pytest.fixture
def run(store: Store) -> Run:
    return Run(store, RunDescription(name="a"), system_metrics=False)


def artifacts(run: Recorder, folder: str | None = None) -> list[str]:
    return sorted(entry.path for entry in run.store.client.list_artifacts(run.run_id, folder))


@pytest.mark.parametrize("image", [GRID, np.stack([GRID] * 3, axis=-1)])
def test_a_picture_of_each_step_is_kept_whole(run: Run, image: np.ndarray, tmp_path: Path) -> None:
    for step in (100, 200):
        run.picture("samples/fixed latents", image, step)
    whole = artifacts(run, "pictures/samples/fixed latents")
    assert [Path(path).name for path in whole] == ["step-0000100.png", "step-0000200.png"]
    assert len(artifacts(run, "images")) == 4
    with Image.open(run.store.client.download_artifacts(run.run_id, whole[0], str(tmp_path))) as kept:
        np.testing.assert_array_equal(np.asarray(kept), image)


def test_a_picture_is_shown_once_under_the_description(store: Store) -> None:
    run = Run(store, RunDescription(name="a", note="An AC-GAN."), system_metrics=False)
    for _ in range(2):
        run.illustrate("pictures/a grid.png", "samples")
    assert store.client.get_run(run.run_id).data.tags["mlflow.note.content"] == (
        f"An AC-GAN.\n\nsamples:\n\n![samples](get-artifact?path=pictures/a%20grid.png&run_uuid={run.run_id})"
    )


def test_a_resumed_run_holds_no_picture_twice(run: Run) -> None:
    run.picture("samples/grid", GRID, 100)
    again = Run(run.store, RunDescription(name="a"), resume=run.run_id, system_metrics=False)
    again.picture("samples/grid", GRID, 100)
    assert len(artifacts(run, "images")) == 2
    again.picture("samples/grid", GRID, 200)
    assert len(artifacts(run, "images")) == 4


def test_files_folders_and_texts_land_where_asked(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "some files"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.txt").write_text("1")
    (folder / "sub" / "two.txt").write_text("2")
    run.file(folder / "one.txt", "single")
    run.files(folder, "all")
    run.text("three", "texts/three.txt")
    assert artifacts(run, "single") == ["single/one.txt"]
    assert artifacts(run, "all") == ["all/one.txt", "all/sub"]
    assert artifacts(run, "texts") == ["texts/three.txt"]


def test_a_table_logged_again_is_replaced(run: Run, tmp_path: Path) -> None:
    run.table([{"loss": 1}], "losses.csv")
    run.table([{"loss": 2}], "losses.csv")
    file = run.store.client.download_artifacts(run.run_id, "losses.csv", str(tmp_path))
    assert Path(file).read_text() == "loss\n2\n"


def test_rows_with_different_keys_share_one_table() -> None:
    rows: list[dict[str, object]] = [{"run": "a|b", "loss": 0.123456}, {"run": "c", "status": "FAILED"}]
    assert as_csv(rows) == "run,loss,status\na|b,0.123456,\nc,,FAILED\n"
    assert as_markdown(rows) == (
        "| run | loss | status |\n| --- | --- | --- |\n| a\\|b | 0.1235 |  |\n| c |  | FAILED |\n"
    )


def test_a_data_set_is_an_input_with_its_size_its_use_and_its_whole_digest(run: Run) -> None:
    images = np.zeros((60_000, 28, 28), np.uint8)
    digest = hashlib.sha256(b"mnist").hexdigest()
    run.dataset(LoggedImages("mnist-train", images, np.zeros(60_000, np.uint8), digest, "training", "data/mnist.npz"))
    inputs = run.store.client.get_run(run.run_id).inputs
    assert inputs is not None
    (entry,) = inputs.dataset_inputs
    assert entry.dataset.name == "mnist-train"
    assert digest.startswith(entry.dataset.digest)
    assert "60000" in str(entry.dataset.profile)
    assert {tag.key: tag.value for tag in entry.tags}["mlflow.data.context"] == "training"
    assert {tag.key: tag.value for tag in entry.tags}["sha256"] == digest


def test_the_newest_trained_measure_is_in_force_on_a_run_that_has_ended(store: Store) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        pass
    for value in (3.0, 1.0, 2.0):
        Recorder(store, run.run_id).log_trained({Key.parse("test/loss"): value})
    found = store.client.get_run(run.run_id)
    assert found.data.metrics == {"trained/test/loss": 2.0}
    assert found.info.status == "FINISHED"
