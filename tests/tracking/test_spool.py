"""A run that goes through a spool, into a store of this machine in the place of a server."""

import json
import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput
from mlflow.entities import Run as MlflowRun
from mlflow.exceptions import MlflowException

from pipeline.data.files import WriteError
from pipeline.data.keys import Key
from pipeline.settings.stages import TrackingSettings
from pipeline.tracking import courier, spooled_runs
from pipeline.tracking.courier import Courier
from pipeline.tracking.datasets import LoggedImages
from pipeline.tracking.delivery import Delivery
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.spool import Call, Spool, SpoolError
from pipeline.tracking.spool_client import SpoolClient
from pipeline.tracking.spooled_runs import KEY, open_run, send_left
from pipeline.tracking.store import Store, connect
from pipeline.training.history import Point
from tests.patience import wait_for

SETTINGS = TrackingSettings(
    experiment="digits", losses_every=1, early_samples=(), checkpoint_seconds=50, system_metrics=False, offline=True
)
ONLINE = SETTINGS.model_copy(update={"offline": False})
DESCRIPTION = RunDescription(name="a run", parameters={"seed": 3}, tags={"family": "acgan"}, note="An AC-GAN.")
IMAGE = np.zeros((28, 28), np.uint8)
LOSS, SAMPLED = Key.parse("train/loss"), Key.parse("system/cpu_utilization_percentage")


def opened(
    root: Path, settings: TrackingSettings = SETTINGS, *, resume: str | None = None, to: RunDescription = DESCRIPTION
) -> Run:
    return open_run(to, family="acgan", settings=settings, spool=root / "run" / "spool", resume=resume)


def points(run: Run, first: int, last: int) -> None:
    run.log(Point(LOSS, 1 / step, step) for step in range(first, last + 1))
    run.flush()


def interrupt(run: Run) -> None:
    points(run, 1, 3)
    run.picture("samples", IMAGE, 3)
    raise KeyboardInterrupt


def test_a_run_that_began_in_another_experiment_goes_on_in_a_new_one(store: Store, root: Path) -> None:
    others = ONLINE.model_copy(update={"experiment": "others"})
    with pytest.raises(KeyboardInterrupt), opened(root, others) as first:
        raise KeyboardInterrupt
    with opened(root, ONLINE, resume=first.run_id) as second:
        pass
    assert not second.resumed
    assert store.experiment_of(second.run_id) == store.experiment_id != store.experiment_of(first.run_id)


def write_all(run: Run, folder: Path) -> None:
    """Logs one of everything that a training logs; the model's files are texts that name run and model."""
    points(run, 1, 3)
    run.picture("samples", IMAGE, 3)
    run.text("some text", "notes/a.txt")
    (folder / "run.json").write_text(json.dumps({"run_id": run.run_id}))
    run.file(folder / "run.json")
    run.dataset(LoggedImages("mnist-train", IMAGE[None], np.zeros(1, np.uint8), "f" * 64, "training", "data/mnist.npz"))
    run.illustrate("pictures/a.png", "Samples")
    client = run.store.client
    model = client.create_logged_model(run.store.experiment_id, name="generator", source_run_id=run.run_id)
    client.log_outputs(run.run_id, [LoggedModelOutput(model.model_id, step=0)])
    files = folder / "model"
    files.mkdir(exist_ok=True)
    (files / "MLmodel").write_text(f"run_id: {run.run_id}\nmodel_id: {model.model_id}\n")
    client.log_model_artifacts(model.model_id, str(files))
    client.finalize_logged_model(model.model_id, "READY")


def found_run(store: Store) -> MlflowRun:
    (run,) = store.client.search_runs([store.experiment_id])
    return run


def steps(client: MlflowClient, run_id: str, key: Key = LOSS) -> list[int]:
    return [metric.step for metric in client.get_metric_history(run_id, key.text)]


def sent(root: Path, store: Store) -> MlflowRun:
    """Sends what lies in the folder, as `python -m pipeline.sync` does."""
    send(root, store)
    return found_run(store)


def send(root: Path, store: Store) -> None:
    spool = Spool(root / "run" / "spool")
    send_left(spool, store, None)
    spool.remove()


def test_a_run_made_offline_is_in_the_store_later_as_if_it_had_been_there(
    store: Store, root: Path, tmp_path: Path
) -> None:
    with opened(root) as run:
        write_all(run, tmp_path)
    assert store.client.search_runs([store.experiment_id]) == []
    found = sent(root, store)
    run_id, tags = found.info.run_id, found.data.tags
    assert run_id != run.run_id
    assert (found.info.run_name, found.info.status, found.data.params) == ("a run", "FINISHED", {"seed": "3"})
    assert found.info.start_time <= found.info.end_time
    assert (tags["family"], f"run_uuid={run_id})" in tags["mlflow.note.content"]) == ("acgan", True)
    assert steps(store.client, run_id) == [1, 2, 3]
    texts = {
        path: Path(store.client.download_artifacts(run_id, path)).read_text() for path in ("notes/a.txt", "run.json")
    }
    assert texts == {"notes/a.txt": "some text", "run.json": json.dumps({"run_id": run_id})}
    assert len(store.client.list_artifacts(run_id, "images")) == 2
    assert found.inputs is not None
    assert [entry.dataset.name for entry in found.inputs.dataset_inputs] == ["mnist-train"]
    (model,) = store.client.search_logged_models([store.experiment_id])
    described = Path(model.artifact_location.removeprefix("file://").replace("%20", " "), "MLmodel").read_text()
    assert described == f"run_id: {run_id}\nmodel_id: {model.model_id}\n"
    assert (model.source_run_id, model.status) == (run_id, "READY")
    assert not (root / "run" / "spool").exists()


def test_what_was_sent_but_not_marked_as_sent_is_in_the_store_once(
    store: Store, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A team's server lets nobody but the maker of an experiment delete its models.
    monkeypatch.setattr(store.client, "delete_logged_model", lambda _: pytest.fail("a model was deleted"))
    with opened(root) as run:
        write_all(run, tmp_path)
    spool, again = root / "run" / "spool", tmp_path / "again"
    shutil.copytree(spool, again)
    for number in range(1, sum(1 for _ in Spool(spool).all()) + 1):
        # A process that is killed after sending call `number`, before it notes that; the next one sends the rest.
        shutil.rmtree(spool, ignore_errors=True)
        shutil.copytree(again, spool)
        with pytest.raises(KeyboardInterrupt):
            Delivery(KilledSpool(spool, calls=number), store).send_waiting()
    found = sent(root, store)
    assert steps(store.client, found.info.run_id) == [1, 2, 3]
    assert len(store.client.list_artifacts(found.info.run_id, "images")) == 2
    assert len(store.client.search_logged_models([store.experiment_id])) == 1
    assert found.info.status == "FINISHED"


@pytest.mark.parametrize("settings", [SETTINGS, ONLINE], ids=["offline", "online"])
def test_a_run_whose_id_a_killed_process_did_not_note_goes_on(
    settings: TrackingSettings, store: Store, root: Path
) -> None:
    description = replace(DESCRIPTION, tags={KEY: "of one training"})
    killed = opened(root, settings, to=description)
    with opened(root, settings, to=description) as again:
        points(again, 1, 3)
    assert again.run_id == killed.run_id
    found = sent(root, store) if settings.offline else found_run(store)
    assert (found.info.status, steps(store.client, found.info.run_id)) == ("FINISHED", [1, 2, 3])


class KilledSpool(Spool):
    """A spool whose process is killed before it notes that the last of `calls` was sent."""

    def __init__(self, folder: Path, *, calls: int) -> None:
        super().__init__(folder)
        self.left = calls

    def mark_sent(self, call: Call, ids: Mapping[str, str]) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        super().mark_sent(call, ids)


def test_an_interrupted_run_goes_on_offline_and_has_each_point_and_picture_once(store: Store, root: Path) -> None:
    with pytest.raises(KeyboardInterrupt), opened(root) as first:
        interrupt(first)
    with opened(root, resume=first.run_id) as second:
        points(second, 1, 5)
        second.picture("samples", IMAGE, 3)
    assert second.run_id == first.run_id
    found = sent(root, store)
    assert sorted(steps(store.client, found.info.run_id)) == [1, 2, 3, 4, 5]
    assert len(store.client.list_artifacts(found.info.run_id, "images")) == 2
    assert (found.info.status, "error" in found.data.tags) == ("FINISHED", False)


def test_a_run_that_goes_on_offline_loses_what_the_store_says_of_its_end_and_keeps_all_samples(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooled_runs, "SECONDS_A_SAMPLE", 0.05)
    sampled, taken = SETTINGS.model_copy(update={"system_metrics": True}), []
    with pytest.raises(RuntimeError), opened(root, sampled) as first:
        fail_once_sampled(first)
    taken += first.store.client.get_metric_history(first.run_id, SAMPLED.text)
    failed = sent(root, store)
    assert {"error", "traceback"} <= failed.data.tags.keys()
    with opened(root, sampled, resume=failed.info.run_id) as second:
        wait_for(partial(is_sampled, second.store.client, second.run_id, times=1))
    taken += second.store.client.get_metric_history(second.run_id, SAMPLED.text)
    found = sent(root, store)
    assert (found.info.status, {"error", "traceback"} & found.data.tags.keys()) == ("FINISHED", set())
    held = store.client.get_metric_history(found.info.run_id, SAMPLED.text)
    assert {metric.timestamp for metric in held} == {metric.timestamp for metric in taken}


def test_a_run_begun_offline_goes_on_with_the_store_under_the_id_that_the_store_gives_it(
    store: Store, root: Path
) -> None:
    with pytest.raises(KeyboardInterrupt), opened(root) as first:
        interrupt(first)
    with opened(root, ONLINE, resume=first.run_id) as second:
        points(second, 1, 5)
    assert (second.run_id, second.resumed) == (found_run(store).info.run_id, True)
    assert steps(store.client, second.run_id) == [1, 2, 3, 4, 5]
    assert not (root / "run" / "spool").exists()


def test_samples_of_processor_and_memory_go_on_where_those_before_ended(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooled_runs, "SECONDS_A_SAMPLE", 0.05)
    sampled, resume = SETTINGS.model_copy(update={"system_metrics": True}), None
    for number in range(2):
        with opened(root, sampled, resume=resume) as run:
            client, run_id = run.store.client, run.run_id
            wait_for(partial(is_sampled, client, run_id, times=number + 1))
        resume = run.run_id
    found = sent(root, store)
    samples = steps(store.client, found.info.run_id, SAMPLED)
    assert len(samples) >= 2
    assert samples == list(range(len(samples)))


def fail_once_sampled(run: Run) -> None:
    wait_for(partial(is_sampled, run.store.client, run.run_id, times=1))
    raise RuntimeError("a mistake")


def is_sampled(client: MlflowClient, run_id: str, *, times: int) -> bool:
    return len(steps(client, run_id, SAMPLED)) >= times


def test_a_call_that_a_kill_cut_off_is_left_out(root: Path, store: Store) -> None:
    with opened(root) as run:
        points(run, 1, 3)
    file = root / "run" / "spool" / "calls.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"call": "log_ba')
    assert [call.name for call in Spool(file.parent).all()][-1] == "set_terminated"
    assert file.read_bytes() == whole
    assert sent(root, store).info.status == "FINISHED"


def test_a_call_is_on_the_disk_when_it_is_logged(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    with opened(root) as run:
        synced.clear()
        run.text("some text", "a.txt")
    assert synced.index("a.txt") < synced.index("calls.jsonl")


def test_a_full_disk_is_one_line_that_names_the_spool(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = opened(root)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(WriteError, match="spool cannot be written: No space left"):
        run.text("some text", "a.txt")


def test_a_file_of_calls_that_was_tampered_with_calls_nothing_else(root: Path, store: Store) -> None:
    made = Run(store, DESCRIPTION, system_metrics=False)
    spool = Spool(root / "run" / "spool")
    spool.begin(made.run_id, family="acgan", experiment="digits")
    spool.append("delete_experiment", {"experiment_id": store.experiment_id})
    with pytest.raises(SpoolError, match="none of a spool: delete_experiment"):
        send_left(spool, store, None)
    assert store.client.get_experiment(store.experiment_id).lifecycle_stage == "active"


def test_what_waits_for_a_run_that_was_deleted_is_given_up(store: Store, root: Path) -> None:
    made = Run(store, DESCRIPTION, system_metrics=False)
    with opened(root, resume=made.run_id) as run:
        points(run, 1, 3)
    store.client.delete_run(made.run_id)
    with opened(root, ONLINE, resume=made.run_id) as anew:
        points(anew, 1, 3)
    assert anew.run_id != made.run_id
    assert steps(store.client, anew.run_id) == [1, 2, 3]


def test_a_run_deleted_while_it_is_written_to_ends_the_training_with_one_line(store: Store, root: Path) -> None:
    made = Run(store, DESCRIPTION, system_metrics=False)
    spool = Spool(root / "run" / "spool")
    spool.begin(made.run_id, family="acgan", experiment="digits")
    carrier = Courier(Delivery(spool, store))
    client = SpoolClient(spool, carrier.check)
    store.client.delete_run(made.run_id)
    client.set_tag(made.run_id, "a", "b")
    carrier.start()
    wait_for(lambda: carrier._refusal)
    with pytest.raises(TrackingError, match="was deleted from the tracking store while it was written to: restore it"):
        client.set_tag(made.run_id, "a", "c")


def carry_a_tag(store: Store, root: Path, run_id: str) -> Courier:
    """Starts to send the tag a=b of a run."""
    spool = Spool(root / "run" / "spool")
    spool.begin(run_id, family="acgan", experiment="digits")
    carrier = Courier(Delivery(spool, store))
    carrier.start()
    SpoolClient(spool).set_tag(run_id, "a", "b")
    return carrier


def test_a_store_that_refuses_for_now_is_tried_again(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(courier, "_LOOK_SECONDS", 0.02)
    made, log, tries = Run(store, DESCRIPTION, system_metrics=False), store.client.log_batch, []

    def refuse_twice(*arguments: object, **named: object) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("connection refused")
        log(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(store.client, "log_batch", refuse_twice)
    carrier = carry_a_tag(store, root, made.run_id)
    wait_for(lambda: len(tries) == 3)
    assert carrier.finish(lambda: None)
    assert store.client.get_run(made.run_id).data.tags["a"] == "b"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError("connection refused"), "the tracking server is away"),
        (
            MlflowException("API request to endpoint /api/2.0/mlflow/runs/log-batch failed with error code 403 != 200"),
            "ask whoever runs the server for the permission",
        ),
    ],
)
def test_a_store_that_took_nothing_to_the_end_is_away_or_refused(
    error: Exception, why: str, store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(courier, "PATIENCE_SECONDS", 0.1)
    made = Run(store, DESCRIPTION, system_metrics=False)

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(store.client, "log_batch", refuse)
    carrier = carry_a_tag(store, root, made.run_id)
    assert not carrier.finish(lambda: None)
    assert why in carrier.why_unsent


def test_who_waits_for_a_store_that_is_slow_is_told(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_TOLD_SECONDS", 0.01)
    made, log, told = Run(store, DESCRIPTION, system_metrics=False), store.client.log_batch, threading.Event()

    def log_slowly(*arguments: object, **named: object) -> None:
        told.wait(60)
        log(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(store.client, "log_batch", log_slowly)
    carrier = carry_a_tag(store, root, made.run_id)
    assert carrier.finish(told.set)
    assert told.is_set()


def test_figures_for_a_training_are_tried_again_while_the_store_is_away(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(courier, "_LOOK_SECONDS", 0.02)
    made, knows, tries = Run(store, DESCRIPTION, system_metrics=False), Store.knows, []

    def away_twice(one: Store, run_id: str) -> bool:
        tries.append(1)
        if len(tries) < 3:
            raise TrackingError("the server is away")
        return knows(one, run_id)

    monkeypatch.setattr(Store, "knows", away_twice)
    spool = Spool(root / "run" / "spool")
    spool.begin(made.run_id, family="acgan", experiment="digits")
    spool.append("log_trained", {"run_id": made.run_id, "values": {"quality/accuracy": 0.5}})
    carrier = Courier(Delivery(spool, store))
    carrier.start()
    wait_for(lambda: len(tries) >= 3)
    assert carrier.finish(lambda: None)
    assert store.client.get_run(made.run_id).data.metrics == {"trained/quality/accuracy": 0.5}


def test_offline_asks_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooled_runs, "connect", lambda **_: pytest.fail("a store was asked"))
    with opened(tmp_path) as run:
        points(run, 1, 3)
    assert not (tmp_path / "mlflow.db").exists()
    monkeypatch.undo()
    assert steps(connect(family="acgan", experiment="digits", root=tmp_path).client, "0" * 32) == []


def test_what_says_how_much_was_sent_is_named_in_one_line_where_it_is_damaged(tmp_path: Path) -> None:
    Spool(tmp_path).begin("a1", family="acgan", experiment="digits")
    (tmp_path / "state.json").write_text('{"run_id": ', encoding="utf-8")
    with pytest.raises(SpoolError, match=r"state\.json is damaged: .*Received: b'\{\"run_id\": '"):
        Spool(tmp_path)


@pytest.mark.parametrize("damaged", ["3", "[]", "{}", '{"run_id": "a1", "family": "acgan", "sent": 0, "ids": []}'])
def test_a_state_of_another_shape_is_damaged(damaged: str, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(damaged, encoding="utf-8")
    with pytest.raises(SpoolError, match=r"state\.json is damaged: "):
        Spool(tmp_path)


@pytest.mark.parametrize("damaged", ["3", "[]", '{"call": "log_batch"}', '{"call": 3, "arguments": {}}'])
def test_a_call_of_another_shape_is_damaged(damaged: str, tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.begin("a1", family="acgan", experiment="digits")
    (tmp_path / "calls.jsonl").write_text(f"{damaged}\n", encoding="utf-8")
    with pytest.raises(SpoolError, match=r"calls\.jsonl is damaged: "):
        list(Spool(tmp_path).waiting())


def test_calls_without_what_says_how_much_was_sent_are_damaged_and_stay(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.begin("a1", family="acgan", experiment="digits")
    spool.append("delete_tag", {"run_id": "a1", "key": "a"})
    (tmp_path / "state.json").unlink()
    with pytest.raises(SpoolError, match=r"state\.json is missing\. Remove .* to go on without what it holds"):
        Spool(tmp_path)
    assert (tmp_path / "calls.jsonl").exists()


def test_calls_go_first_when_a_spool_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.begin("a1", family="acgan", experiment="digits")
    spool.append("delete_tag", {"run_id": "a1", "key": "a"})
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # as a kill leaves it
    spool.remove()
    assert list(Spool(tmp_path).waiting()) == []


def test_figures_for_the_run_of_a_training_are_sent_to_it_and_dropped_where_it_was_deleted(
    store: Store, root: Path
) -> None:
    accuracy = Key.parse("quality/accuracy")
    with Run(store, RunDescription(name="train"), system_metrics=False) as training:
        training.log_trained_on(training.run_id, {accuracy: 0.5})
    for value in (0.75, 0.875):
        with opened(root) as evaluation:
            evaluation.log_trained_on(training.run_id, {accuracy: value})
        send(root, store)
        assert store.client.get_run(training.run_id).data.metrics == {"trained/quality/accuracy": value}
    store.client.delete_run(training.run_id)
    with opened(root) as evaluation:
        evaluation.log_trained_on(training.run_id, {accuracy: 1.0})
    send(root, store)
    assert store.client.get_run(training.run_id).data.metrics == {"trained/quality/accuracy": 0.875}
