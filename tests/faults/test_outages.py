"""Trainings whose tracking server is down at the start, in the middle, at the end, and when they are killed."""

import json
import re
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.keras import load_model

from tests.patience import wait_for
from tests.projects import Finished, Project, Started, metadata_of
from tests.tracking.servers import Server

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

STEPS = 8
SETTINGS = ("model=autoencoder", "+debug=smoke", f"autoencoder.steps={STEPS}", "tracking.system_metrics=false")
LEFT, BACK = "seed=1", "seed=2"


@dataclass(frozen=True)
class Story:
    """What happened, in this order; the same settings where nothing else is said.

    Attributes:
        refused: A training without a server, and the seconds that it took.
        offline: One that asks for none.
        killed: One whose server was stopped at step 3, killed when it had taken all steps.
        left: One of another seed whose server was stopped at step 3 and stayed away.
        resumed: The command of the killed one again, with the server.
        synced: `python -m pipeline.sync`, and the same again.
        back: One whose server was stopped at step 3 and came back.
        runs: The runs of the server by their folders.
        history: Their points by folder and key.
        models: By folder, whether each logged model predicts, loaded by its run's id.
    """

    project: Project
    refused: tuple[Finished, float]
    offline: Finished
    killed: Path
    left: Finished
    resumed: Finished
    synced: tuple[Finished, Finished]
    back: Finished
    runs: dict[str, Run]
    history: dict[str, dict[str, list[int]]]
    models: dict[str, list[bool]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, migrated: Path, mnist_file: Path) -> Story:
    place = tmp_path_factory.mktemp("outages")
    project = Project.copied_to(place / "a project", mnist_file)
    server = Server(place, migrated)
    extra = {"MLFLOW_TRACKING_URI": server.address}
    start = time.monotonic()
    away = project.train(*SETTINGS, extra=extra)
    offline = project.train(*SETTINGS, "tracking.offline=true", extra=extra).finish()
    refused = (away.finish(), time.monotonic() - start)
    with server, ExitStack() as ends:
        started = [project.train(*SETTINGS, *more, fault="WAIT@3", extra=extra) for more in ((), (LEFT,))]
        ends.callback(end, *started)
        await_steps(server, 3, runs=2)
        server.stop()
        (project.root / "go").touch()
        killed = kill_after_last_step(project, started[0])
        left = started[1].finish()
        remove_marks(project)
        server.start()
        resumed = project.train(*SETTINGS, extra=extra).finish()
        sync = (sys.executable, "-m", "pipeline.sync")
        synced = (project.start(*sync, extra=extra).finish(), project.start(*sync, extra=extra).finish())
        # On a busy machine the server may take longer to start than a training waits for it.
        waiting = project.train(*SETTINGS, BACK, fault="WAIT@3", extra={**extra, "SERVER_SECONDS": "600"})
        ends.callback(end, waiting)
        await_file(project.root / "waiting")
        server.stop()
        (project.root / "go").touch()
        await_spooled(project, BACK)
        server.start()
        back = waiting.finish()
        runs = tracked(server, project)
        client = MlflowClient(server.address)
        history = {name: points_of(client, run) for name, run in runs.items()}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_TRACKING_URI", server.address)
            models = {name: [predicts(run, half) for half in ("encoder", "decoder")] for name, run in runs.items()}
    return Story(project, refused, offline, killed, left, resumed, synced, back, runs, history, models)


def end(*started: Started) -> None:
    """Ends what has not ended, as after a failure: it would wait for ever for a file that nobody makes."""
    for one in started:
        one.process.kill()
        one.process.communicate()


def tracked(server: Server, project: Project) -> dict[str, Run]:
    client = MlflowClient(server.address)
    return {folder.name: client.get_run(metadata_of(folder / "models")["run_id"]) for folder in folders(project)}


def folders(project: Project) -> list[Path]:
    return sorted(path for path in (project.root / "runs" / "autoencoder").glob("*") if path.is_dir())


def points_of(client: MlflowClient, run: Run) -> dict[str, list[int]]:
    histories = {key: client.get_metric_history(run.info.run_id, key) for key in run.data.metrics}
    return {key: sorted(point.step for point in points) for key, points in histories.items()}


def predicts(run: Run, half: str) -> bool:
    model = load_model(f"runs:/{run.info.run_id}/{half}")
    rows = {one.name: np.zeros((2, *one.shape[1:]), np.float32) for one in model.inputs}
    predicted: np.ndarray = model.predict(rows, verbose=0)
    return bool(np.isfinite(predicted).all())


def await_file(file: Path) -> None:
    wait_for(file.exists, seconds=300)


def await_steps(server: Server, step: int, *, runs: int) -> None:
    """Waits until so many runs have a point of the step before."""
    client = MlflowClient(server.address)

    def there() -> bool:
        experiment = client.get_experiment_by_name("mnist-autoencoder")
        found = client.search_runs([experiment.experiment_id]) if experiment else []
        return sum(step - 1 in points_of(client, run).get("train/objective", []) for run in found) == runs

    wait_for(there, seconds=300)


def await_spooled(project: Project, seed: str = "seed=0") -> Path:
    """Waits until a training has taken all steps and waits for the server; returns its folder."""
    found: list[Path] = []

    def ended() -> bool:
        for calls in (project.root / "runs" / "autoencoder").glob("*/spool/calls.jsonl"):
            folder = calls.parent.parent
            number = metadata_of(folder / "models").get("settings", {}).get("seed")
            if f"seed={number}" == seed and '"call": "set_terminated"' in calls.read_text() and not is_offline(calls):
                found.append(folder)
        return bool(found)

    wait_for(ended, seconds=300)
    return found[0]


def is_offline(calls: Path) -> bool:
    return bool(json.loads(calls.read_text().splitlines()[0])["call"] == "create_run")


def kill_after_last_step(project: Project, started: Started) -> Path:
    folder = await_spooled(project)
    end(started)
    return folder


def remove_marks(project: Project) -> None:
    for name in ("waiting", "go"):
        (project.root / name).unlink()


def test_a_training_whose_server_is_down_at_the_start_waits_half_a_minute_and_ends_in_one_line(story: Story) -> None:
    answer, seconds = story.refused
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert line.startswith(
        "error: The tracking store (`MLFLOW_TRACKING_URI`) must answer and accept. Received: http://"
    )
    assert seconds > 30


def complaints(answer: Finished) -> list[str]:
    """What a training in `driver.py` printed as errors, but for TensorFlow's own lines."""
    own = re.compile(r"[IWE]\d{4} |WARNING: All log messages before absl|To enable the following instructions")
    return [line for line in answer.stderr.splitlines() if not own.match(line)]


def test_offline_it_trains_and_says_how_to_send_it(story: Story) -> None:
    assert (story.offline.returncode, story.offline.stderr) == (0, "")
    assert "Send them with `python -m pipeline.sync run=runs/autoencoder/" in story.offline.stdout


def test_a_training_whose_server_stays_away_ends_well_and_says_what_is_left(story: Story) -> None:
    assert (story.left.returncode, complaints(story.left)) == (0, [])
    assert "the tracking server is away: " in story.left.stdout
    assert f"trained {STEPS} steps" in story.left.stdout


def test_what_is_left_is_sent_later_and_once(story: Story) -> None:
    first, second = story.synced
    assert (first.returncode, first.stderr) == (0, "")
    lines = first.stdout.splitlines()
    assert len(lines) == 2
    assert all(": sent as the run " in line for line in lines)
    assert second.stdout == "nothing to send: the tracking store has every run\n"


def test_a_training_killed_while_the_server_is_away_goes_on_by_the_same_command(story: Story) -> None:
    assert (story.resumed.returncode, story.resumed.stderr) == (0, "")
    assert "resuming the interrupted training" in story.resumed.stdout


def test_a_training_whose_server_comes_back_has_sent_all_when_it_ends(story: Story) -> None:
    assert (story.back.returncode, complaints(story.back)) == (0, [])
    assert "pipeline.sync" not in story.back.stdout


def test_every_run_is_finished_with_each_point_once_and_models_that_load(story: Story) -> None:
    assert len(story.runs) == 4
    for name, run in story.runs.items():
        assert run.info.status == "FINISHED", name
        assert story.history[name]["train/objective"] == list(range(1, STEPS + 1)), name
        assert all(len(set(steps)) == len(steps) for steps in story.history[name].values()), name
        assert story.models[name] == [True, True]


def test_all_of_them_have_the_same_keys_of_points(story: Story) -> None:
    keys = [set(points) for points in story.history.values()]
    assert len(keys[0]) > 5
    assert all(one == keys[0] for one in keys)


def test_the_killed_training_ends_as_the_one_that_was_not_to_the_last_bit(story: Story) -> None:
    (whole,) = [folder for folder in folders(story.project) if same_settings(folder, story.killed)]
    with np.load(whole / "models" / "state.npz") as ours, np.load(story.killed / "models" / "state.npz") as theirs:
        assert set(ours.files) == set(theirs.files)
        for name in ours.files:
            assert ours[name].tobytes() == theirs[name].tobytes(), name


def same_settings(one: Path, other: Path) -> bool:
    return one != other and one.name.rpartition("-")[0] == other.name.rpartition("-")[0]


def test_nothing_of_a_spool_is_left(story: Story) -> None:
    assert list(story.project.root.glob("runs/**/spool")) == []
