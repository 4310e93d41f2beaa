"""A sweep that is killed, one with a wrong value, one of two jobs at once, and one of two: diverging and sound."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow.entities import Run

from tests.projects import PLAIN, Finished, Project, metadata_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

# The first weight is infinite as a float32, and so is the loss.
WEIGHTS = "acgan.auxiliary_weight.real=1e39,2.0"


@dataclass(frozen=True)
class Story:
    """What happened.

    Attributes:
        killed: A sweep, killed at step 2 of its first job.
        left: Its runs before the next command.
        refused: A sweep whose last value is wrong.
        beside: A sweep of two sound jobs, side by side.
        failed: The sweep with a failing job.
    """

    project: Project
    killed: Finished
    left: list[Run]
    refused: Finished
    beside: Finished
    failed: Finished

    def sweep(self) -> Run:
        return self.project.tracked("sweep")[-1]

    def jobs(self) -> dict[str, Run]:
        """The jobs' runs by their weight."""
        return {run.data.params["acgan.auxiliary_weight.real"]: run for run in self.under(self.sweep())}

    def under(self, sweep: Run) -> list[Run]:
        trainings = self.project.tracked("training")
        return [run for run in trainings if run.data.tags.get("mlflow.parentRunId") == sweep.info.run_id]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Story:
    project = Project.copied_to(tmp_path_factory.mktemp("sweeps") / "a project", mnist_file)
    killed = project.train(*PLAIN, "acgan.steps=5", "+sweep=aux_weights", fault="SIGKILL@2").finish()
    left = [*project.tracked("sweep"), *project.tracked("training")]
    refused = project.train("--multirun", *PLAIN, f"{WEIGHTS},-1").finish()
    beside = project.train("--multirun", *PLAIN, "seed=5,6", "compute.jobs=2").finish()
    failed = project.train("--multirun", *PLAIN, WEIGHTS).finish()
    return Story(project, killed, left, refused, beside, failed)


def test_what_a_killed_sweep_left_running_is_closed_by_the_next_command(story: Story) -> None:
    assert story.killed.returncode == -9
    assert [run.info.status for run in story.left] == ["RUNNING", "RUNNING"]
    for run in story.left:
        found = story.project.client().get_run(run.info.run_id)
        assert found.info.status == "KILLED"
        assert "ended without closing it" in found.data.tags["closed.because"]


def test_a_failed_job_does_not_stop_the_others_and_the_sweep_is_failed(story: Story) -> None:
    assert story.failed.returncode == 1
    assert {weight: run.info.status for weight, run in story.jobs().items()} == {"1e+39": "FAILED", "2.0": "FINISHED"}
    assert story.sweep().info.status == "FAILED"


def test_jobs_at_once_run_in_two_processes_and_belong_to_one_sweep(story: Story) -> None:
    assert story.beside.returncode == 0, story.beside.stderr
    assert "sweep of 2 jobs, 2 at once" in story.beside.stdout
    sweep = story.project.tracked("sweep")[1]
    jobs = story.under(sweep)
    assert (sweep.info.status, {job.data.params["seed"]: job.info.status for job in jobs}) == (
        "FINISHED",
        {"5": "FINISHED", "6": "FINISHED"},
    )
    assert len({job.data.tags["owner.process"] for job in jobs}) == 2
    logs = sorted((story.project.root / "runs" / "sweeps").glob("*/job-*.log"))
    assert [log.name for log in logs] == ["job-1.log", "job-2.log"]
    for log in logs:
        assert "trained 6 steps" in log.read_text(encoding="utf-8")


def test_a_wrong_last_value_is_refused_before_the_first_job(story: Story) -> None:
    assert story.refused.returncode == 2
    assert story.refused.stderr.startswith("error: job 3 of 3: `acgan.auxiliary_weight.real` must be greater than or")
    assert (story.refused.stdout, story.refused.stderr.count("\n")) == ("", 1)


def test_each_failure_is_one_line(story: Story) -> None:
    lines = [line for line in story.failed.stderr.splitlines() if line.startswith("error: ")]
    assert lines[0].startswith("error: job 1: the training has diverged: train/")
    (last,) = lines[1:]
    assert last.startswith("error: 1 of 2 jobs failed: repeat them alone with the same command, `python -m pipeline.")
    assert "Traceback" not in story.failed.stderr


def test_a_failed_job_keeps_its_traceback_on_its_run_and_the_table_counts_it(story: Story) -> None:
    traceback = story.jobs()["1e+39"].data.tags["traceback"]
    assert traceback.startswith("Traceback (most recent call last):")
    assert "DivergedError: the training has diverged" in traceback
    assert "traceback" not in story.jobs()["2.0"].data.tags
    assert "failed, 1 of 2 jobs finished" in " ".join(story.failed.stdout.split())


def test_a_diverged_training_is_not_resumed(story: Story) -> None:
    run_id = story.jobs()["1e+39"].info.run_id
    (folder,) = [one for one in story.project.folders() if metadata_of(one / "models").get("run_id") == run_id]
    assert (folder / "ended").read_text(encoding="utf-8").startswith("diverged: ")
    assert not (folder / "checkpoint.npz").exists()


def test_progress_shows_the_jobs_place_in_the_sweep(story: Story) -> None:
    assert "job 2 of 2" in story.failed.stdout


def test_the_sweeps_table_is_printed_and_stored(story: Story, tmp_path: Path) -> None:
    assert "failed" in story.failed.stdout
    parent = story.sweep().info.run_id
    table = Path(story.project.client().download_artifacts(parent, "sweep.csv", str(tmp_path)))
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [row["status"] for row in rows] == ["FAILED", "FINISHED"]
    assert [row["acgan.auxiliary_weight.real"] for row in rows] == ["1e+39", "2.0"]
    assert rows[0]["heldout/matched/generator/loss"] == ""
    assert float(rows[1]["heldout/matched/generator/loss"]) > 0


def test_the_jobs_belong_to_their_sweep_and_are_named_by_what_varies(story: Story) -> None:
    jobs = story.jobs()
    assert jobs["2.0"].info.run_name.startswith("acgan ")
    assert "auxiliary_weight.real=2.0" in jobs["2.0"].info.run_name
    assert jobs["1e+39"].data.tags["error"].startswith("DivergedError: the training has diverged")
