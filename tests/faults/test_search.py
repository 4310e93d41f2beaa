"""A search that is killed in its first trial, and the same command again with two trials at once."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow.entities import Run

from tests.projects import PLAIN, Finished, Project

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

SEARCH = (*PLAIN, "+search=quality", "hydra.sweeper.search.trials=3", "tracking.system_metrics=false")


@dataclass(frozen=True)
class Story:
    """What happened."""

    project: Project
    killed: Finished
    finished: Finished

    def trials(self) -> dict[str, Run]:
        return {run.data.tags["search.trial"]: run for run in self.project.tracked("training")}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Story:
    project = Project.copied_to(tmp_path_factory.mktemp("searches") / "a project", mnist_file)
    killed = project.train(*SEARCH, "tracking.checkpoint_seconds=20", fault="SIGKILL@5").finish()
    finished = project.train(*SEARCH, "tracking.checkpoint_seconds=20", "compute.jobs=2").finish()
    return Story(project, killed, finished)


def test_the_same_command_goes_on_with_the_search_in_two_processes(story: Story) -> None:
    assert (story.killed.returncode, story.finished.returncode) == (-9, 0), story.finished.stderr
    (search,) = story.project.tracked("sweep")
    assert search.info.status == "FINISHED"
    runs = story.trials().values()
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {search.info.run_id}
    assert len({run.data.tags["owner.process"] for run in runs}) == 3


def test_the_trial_that_was_cut_off_is_replaced_and_resumes_from_its_checkpoint_in_its_own_run(story: Story) -> None:
    trials = story.trials()
    assert {number: run.info.status for number, run in trials.items()} == dict.fromkeys("123", "FINISHED")
    (log,) = story.project.root.glob("runs/sweeps/*/job-2.log")
    assert "resuming the interrupted training" in log.read_text(encoding="utf-8")
    for run in trials.values():
        points = story.project.client().get_metric_history(run.info.run_id, "heldout/accuracy")
        assert [point.step for point in points] == [3, 6]
        assert float(run.data.params["acgan.soft_label.real"]) >= 0.7


def test_the_search_ends_with_its_trials_and_commands(story: Story) -> None:
    assert "search of 3 trials, 3 left" in story.finished.stdout
    assert "replaced" in story.finished.stdout
    assert "Candidates, not findings" in story.finished.stdout
