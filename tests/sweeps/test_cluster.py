"""Sweeps on a Ray cluster: two raylets on the loopback address, of which one is killed, and so is a driver."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Run

from pipeline.settings.paths import ROOT
from pipeline.sweeps.cluster import RayCluster, count_places, print_notice, variables_of
from pipeline.sweeps.machines import ClusterError, require_tracking_server
from tests.patience import wait_for
from tests.projects import PLAIN, Project, metadata_of

SWEEP = ("--multirun", *PLAIN, "acgan.steps=5", "tracking.system_metrics=false", "seed=0,1")
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "of-this-test-alone-" * 4, "RAY_USAGE_STATS_ENABLED": "0"}
THREADS = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
SAME_PRIORITY = {"RAY_worker_niceness": "0"}  # 15 by default, with which jobs hardly run on a busy machine
STARTS = 5  # on a busy machine a node gives up after 15 seconds without its agents
SLEEPER = """
import sys, time
print("began", sys.argv[1])
time.sleep(8)
print("ended", sys.argv[1])
"""
# Six jobs that sleep, as a launcher would run them.
DRIVER = """
import sys
from pathlib import Path
from pipeline.sweeps.cluster import RayCluster
from pipeline.sweeps.jobs import with_place
from tests.places import place
jobs = [with_place([f"number={number}"], place(number=number)) for number in range(6)]
returned = RayCluster(sys.argv[1], cpus=1, gpus=0).run(jobs, module="sleeper", folder=Path("logs"))
print(*(one.status.name for one in returned))
"""
WITHOUT_RAY = """
import runpy, sys
sys.modules["ray"] = None
runpy.run_module("pipeline.train", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("uri", ["", "sqlite:///mlflow.db", "sqlite+pysqlite:////a/mlflow.db", "file:///a", "mlruns"])
def test_a_store_in_a_file_is_refused_for_several_machines(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(ClusterError, match="must be the address of a tracking server") as refused:
        require_tracking_server()
    assert str(refused.value).endswith(f"Received: {uri or 'mlflow.db in this folder'}")


@pytest.mark.parametrize("uri", ["http://tracking:5000", "https://tracking", "postgresql+psycopg://tracking/mlflow"])
def test_a_server_that_all_machines_reach_is_accepted(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    require_tracking_server()


@pytest.fixture
def project(tmp_path: Path, mnist_file: Path) -> Project:
    return Project.copied_to(tmp_path / "a project", mnist_file)


@pytest.mark.slow
def test_without_ray_one_line_names_the_extra_before_a_run_is_opened(project: Project) -> None:
    answer = project.start(sys.executable, "-c", WITHOUT_RAY, *SWEEP, "hydra/launcher=ray").finish()
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == (
        "error: `hydra/launcher=ray` needs the module `ray`: install it with `pip install -e '.[cluster]'`\n"
    )
    assert not (project.root / "mlflow.db").exists()


@dataclass(frozen=True)
class Cluster:
    """Two nodes; see `nodes.py`."""

    process: "subprocess.Popen[str]"
    address: str
    nodes: list[str]

    def kill_second_node(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    pytest.importorskip("ray")
    for _ in range(STARTS):
        process = start_nodes()
        assert process.stdout is not None
        words = process.stdout.readline().split()
        if words:
            break
        process.communicate()
    with process:
        address, *nodes = words
        yield Cluster(process, address, nodes)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=120)  # not for its output: what Ray leaves of a killed node holds that open


def start_nodes() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("nodes.py"))],
        env={**os.environ, **TOKEN, **SAME_PRIORITY, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def on(cluster: Cluster) -> tuple[str, ...]:
    return ("hydra/launcher=ray", f"hydra.launcher.address={cluster.address}")


def seed_of(folder: Path) -> str:
    return str(metadata_of(folder / "models")["settings"]["seed"])


def trainings(project: Project) -> list[Run]:
    """The trainings of a project, which has no store before the first has a folder."""
    return project.tracked("training") if project.folders() else []


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_same_command_finishes_a_sweep_whose_driver_was_killed(cluster: Cluster, project: Project) -> None:
    killed = project.train(*SWEEP, *on(cluster), extra=TOKEN)
    wait_for(lambda: trainings(project) or killed.process.poll() is not None, seconds=900)
    killed.process.send_signal(signal.SIGKILL)
    assert killed.finish().returncode == -9
    again = project.train(*SWEEP, *on(cluster), extra=TOKEN).finish(seconds=1500)
    assert again.returncode == 0, again.stderr
    assert "sweep of 2 jobs, 2 at once" in again.stdout
    (parent,) = project.tracked("sweep")
    jobs, client = project.tracked("training"), project.client()
    assert sorted(job.data.params["seed"] for job in jobs) == ["0", "1"]
    assert [run.info.status for run in (parent, *jobs)] == ["FINISHED"] * 3
    assert {job.data.tags["mlflow.parentRunId"] for job in jobs} == {parent.info.run_id}
    for job in jobs:
        points = {key: client.get_metric_history(job.info.run_id, key) for key in job.data.metrics}
        assert all(len({one.step for one in found}) == len(found) for found in points.values())
        assert sorted(one.step for one in points["train/generator/loss"]) == [1, 2, 3, 4, 5]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_job_on_the_cluster_gives_the_same_bits_as_alone(cluster: Cluster, project: Project) -> None:
    alone = project.train(*SWEEP[1:-1], "seed=1", extra=THREADS).finish(seconds=900)
    assert alone.returncode == 0, alone.stderr
    (of_alone,) = project.folders()
    swept = project.train(*SWEEP, *on(cluster), extra=TOKEN).finish(seconds=900)
    assert swept.returncode == 0, swept.stderr
    others = [folder for folder in project.folders() if folder != of_alone]
    states = {seed_of(folder): (folder / "models" / "state.npz").read_bytes() for folder in others}
    assert states.keys() == {"0", "1"}
    assert states["1"] == (of_alone / "models" / "state.npz").read_bytes() != states["0"]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ctrl_c_at_the_command_interrupts_its_jobs_and_closes_the_sweep(cluster: Cluster, project: Project) -> None:
    endless = ("acgan.steps=50000", "acgan.report_every=50000", "tracking.early_samples=[]")
    driver = project.train(*SWEEP, *endless, *on(cluster), extra=TOKEN)

    def both_train() -> bool:
        return sum(bool(run.data.metrics) for run in trainings(project)) == 2 or driver.process.poll() is not None

    wait_for(both_train, seconds=900)
    driver.process.send_signal(signal.SIGINT)
    answer = driver.finish(seconds=300)
    assert (answer.returncode, answer.stderr) == (130, "error: interrupted\n")
    runs = (*project.tracked("sweep"), *project.tracked("training"))
    assert [run.info.status for run in runs] == ["KILLED"] * 3
    assert all((folder / "checkpoint.npz").exists() for folder in project.folders())


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_search_proposes_its_trials_to_the_places_of_the_cluster(cluster: Cluster, project: Project) -> None:
    search = ("+search=quality", *SWEEP[1:-1], "hydra.sweeper.search.trials=3")
    answer = project.train(*search, *on(cluster), extra=TOKEN).finish(seconds=1500)
    assert answer.returncode == 0, answer.stderr
    assert "search of 3 trials, 3 left" in answer.stdout
    (parent,) = project.tracked("sweep")
    trials = project.tracked("training")
    assert [run.info.status for run in (parent, *trials)] == ["FINISHED"] * 4
    assert sorted(run.data.tags["search.trial"] for run in trials) == ["0", "1", "2"]
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {parent.info.run_id}
    starts, ends = [run.info.start_time for run in trials], [run.info.end_time for run in trials]
    assert starts[1] < min(ends) < starts[2]  # two at once, and the third at the first free place
    kept = project.client().download_artifacts(parent.info.run_id, "sweep.csv")
    assert Path(kept).read_text(encoding="utf-8").count(",complete,") == 3


@pytest.mark.long
@pytest.mark.timeout(900)
def test_six_jobs_run_on_two_nodes_and_those_of_a_node_that_is_killed_run_again_on_the_other(
    cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "sleeper.py").write_text(SLEEPER, encoding="utf-8")
    environment = {**os.environ, **TOKEN, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", DRIVER, cluster.address]
    head, lost = cluster.nodes

    def logs() -> list[str]:
        return [log.read_text(encoding="utf-8") for log in sorted((tmp_path / "logs").glob("job-*.log"))]

    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as driver:
        wait_for(lambda: any(f"node {lost}\nbegan" in log for log in logs()) or driver.poll() is not None, seconds=800)
        cluster.kill_second_node()
        shown, _ = driver.communicate(timeout=800)
    assert shown.splitlines()[-1] == " ".join(["COMPLETED"] * 6)
    assert all(log.endswith(f"ended number={number}\n") for number, log in enumerate(logs()))
    again = [log for log in logs() if log.count("began") > 1]
    assert again
    assert all(log.index(lost) < log.index(head) for log in again)
    assert all(log.count("ended") == 1 for log in logs())


def test_a_job_gets_the_variables_of_mlflow_and_those_that_its_words_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEARCH_STORAGE", "DIGITS", "OTHER"):
        monkeypatch.setenv(name, name.lower())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    words = ("hydra.sweeper.search.storage='${oc.env:SEARCH_STORAGE}'", "data.path='${oc.env:DIGITS,none}'", "seed=1")
    handed = {name: value for name, value in variables_of(words).items() if not name.startswith("MLFLOW_")}
    assert handed == {"SEARCH_STORAGE": "search_storage", "DIGITS": "digits"}
    assert variables_of(())["MLFLOW_TRACKING_URI"] == "http://tracking:5000"


@pytest.mark.parametrize(
    ("told", "printed"),
    [
        ("A worker died or was killed while executing a task by an unexpected system error. " * 9, ""),
        (
            "Task run_command failed. There are 3 retries remaining, so the task will be retried. Error: ",
            "the process of a job was lost: the job runs again, and resumes from its checkpoint\n",
        ),
        ("The node with node id\n a1 has been marked dead.", "The node with node id a1 has been marked dead.\n"),
        ("word " * 99, f"{('word ' * 39).strip()} …\n"),
    ],
)
def test_what_ray_tells_of_its_cluster_is_one_short_line(
    told: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_notice({"lines": [told], "pid": "raylet", "is_err": False}, ignore_prefix=False)
    assert capsys.readouterr().err == printed


@pytest.mark.parametrize(("cpus", "gpus", "places"), [(1, 0, 8), (3, 0, 2), (0, 0.1, 10), (1, 0.5, 2), (0.3, 0.3, 3)])
def test_a_node_has_as_many_places_as_whole_jobs_fit_into_what_it_has(cpus: float, gpus: float, places: int) -> None:
    assert count_places({"CPU": 8.0, "GPU": 1.0}, cpus=cpus, gpus=gpus) == places


@pytest.mark.parametrize(("cpus", "gpus"), [(0, 0), (-1, 0), (1, -1), (1, None), ("two", 0)])
def test_a_job_of_no_processor_and_no_gpu_is_refused_before_ray_starts(cpus: Any, gpus: Any) -> None:
    with pytest.raises(ClusterError, match=rf"must be numbers, not negative, nor both 0. Received: {cpus} and {gpus}"):
        RayCluster("local", cpus=cpus, gpus=gpus)


def test_an_address_where_no_cluster_is_is_refused_in_one_line(tmp_path: Path) -> None:
    program = (
        "from pipeline.sweeps.cluster import RayCluster, ClusterError\n"
        "try:\n    RayCluster('127.0.0.1:1', cpus=1, gpus=0)\n"
        "except ClusterError as error:\n    print(error)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.startswith("`hydra.launcher.address` must be auto, local or HOST:PORT of a running Ray")
    assert answer.stdout.count("\n") == 1
