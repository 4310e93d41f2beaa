"""One training alone, as the last job of a sweep in one process, and in a process of its own beside another job."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow.entities import Run

from tests.patience import wait_for
from tests.projects import TINY, Finished, Project, metadata_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

QUIET = "tracking.system_metrics=false"
THREADS = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")


@dataclass(frozen=True)
class Story:
    """What happened, all at the same time and with a thread a process.

    Attributes:
        alone: The training by itself.
        basic: A sweep whose last job it is, after another in the same process.
        local: A sweep of two jobs at once, of which it is one.
    """

    project: Project
    alone: Finished
    basic: Finished
    local: Finished

    def trainings(self, seed: str) -> list[Run]:
        return [run for run in self.project.tracked("training") if run.data.params["seed"] == seed]

    def state(self, run: Run) -> bytes:
        (folder,) = [one for one in self.project.folders() if metadata_of(one / "models")["run_id"] == run.info.run_id]
        return (folder / "models" / "state.npz").read_bytes()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Story:
    project = Project.copied_to(tmp_path_factory.mktemp("launchers") / "a project", mnist_file)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in THREADS.items():
            patch.setenv(name, value)
        alone = project.train(*TINY, QUIET, "seed=2")
        basic = project.train("--multirun", *TINY, QUIET, "seed=1,2")
        local = project.train("--multirun", *TINY, QUIET, "seed=2,3", "hydra/launcher=local", "compute.jobs=2")
        return Story(project, alone.finish(), basic.finish(), local.finish())


def test_code_that_is_edited_while_jobs_train_does_not_break_the_end_of_their_sweep(
    tmp_path: Path, mnist_file: Path
) -> None:
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    sweep = project.train("--multirun", *TINY, QUIET, "seed=1,2")
    wait_for(lambda: list(project.root.glob("runs/acgan/*/models/samples/step-0000000.npy")))
    for name in ("sweeps/summary.py", "sweeps/comparison.py", "rendering/tables.py", "training/acgan/family.py"):
        (project.root / "pipeline" / name).write_text("raise RuntimeError('edited')\n", encoding="utf-8")
    answer = sweep.finish()
    assert answer.returncode == 0, answer.stderr
    assert "2 of 2 jobs finished" in answer.stdout
    assert [run.info.status for run in project.tracked("sweep")] == ["FINISHED"]


def test_each_of_them_finishes(story: Story) -> None:
    for answer in (story.alone, story.basic, story.local):
        assert answer.returncode == 0, answer.stderr
    assert [run.info.status for run in story.project.tracked("sweep")] == ["FINISHED", "FINISHED"]
    assert "sweep of 2 jobs, 2 at once" in story.local.stdout


def test_a_job_gives_the_same_bits_alone_after_another_job_and_in_a_process_of_its_own(story: Story) -> None:
    alone, *others = [story.state(run) for run in story.trainings("2")]
    assert len(others) == 2
    assert others == [alone, alone]
    assert story.state(story.trainings("3")[0]) != alone
