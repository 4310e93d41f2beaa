"""A training killed at twenty moments, six of them in writing a checkpoint, on a full disk, and killed at its end."""

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.test_interruptions import assert_same_results
from tests.faults.warm import WarmProject
from tests.projects import QUICK, Finished, Project, metadata_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

# With the driver's clock a checkpoint is due after every step.
SETTINGS = (*QUICK, "acgan.report_every=20", "acgan.steps=80", "tracking.checkpoint_seconds=20")
SAVE = "pipeline.training.checkpoints:save_checkpoint"
# What is written where the disk is found full; the last two at the end.
WRITES = {
    "checkpoint": SAVE,
    "samples": "pipeline.runs.samples:write_samples",
    "picture": "pipeline.rendering.tiles:save_png",
    "store": "pipeline.tracking.points:PointLog.add",
    "weights": "pipeline.training.checkpoints:save_parts",
    "curves": "pipeline.training.history:write_curves",
}
STEP = "pipeline.training.loop:_steps"
OPENED = "pipeline.runs.training:_introduce"  # the run is in the store, and not yet noted in the folder
# In writing the outputs and logging the models, after both, and when the run has ended and its folder has not.
END = {
    "finish": "SIGKILL.30000@pipeline.runs.outputs:finish:1",
    "save_best": "SIGKILL.3@pipeline.runs.outputs:save_best:1",
    "end": "SIGKILL.3@pipeline.runs.folder:RunFolder.end:1",
}
# Calls and returns of functions: in writing a checkpoint, at least, and in a few steps with what follows on them.
SAVE_EVENTS, STEP_EVENTS = 3000, 20_000


def moments() -> list[str]:
    """The same at every call; the first is where the run was just made, the second in a checkpoint's writing."""
    draw = random.Random(0)
    # The first step of a process is almost all compilation.
    saves = [f"SIGKILL.{draw.randint(1, SAVE_EVENTS)}@{SAVE}:{draw.randint(1, 3)}" for _ in range(6)]
    steps = [f"SIGKILL.{draw.randint(1, STEP_EVENTS)}@{STEP}:{draw.randint(2, 4)}" for _ in range(13)]
    mixed = saves[1:] + steps
    draw.shuffle(mixed)
    return [f"SIGKILL.1@{OPENED}:1", saves[0], *mixed]


@dataclass(frozen=True)
class Story:
    """A training that went through all of it and finished, and the same one uninterrupted in another project."""

    project: Project
    killed: list[Finished]
    full: list[Finished]
    ended: list[Finished]
    last: Finished
    whole: Project
    answer: Finished

    def places(self) -> list[str]:
        """The functions that each killed command was in, the innermost first."""
        return (self.project.root / "killed-in").read_text(encoding="utf-8").splitlines()

    def folders(self) -> list[Path]:
        return [*self.project.folders(), *self.whole.folders()]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Story:
    project = Project.copied_to(tmp_path_factory.mktemp("kills") / "killed", mnist_file)
    whole = Project.copied_to(tmp_path_factory.mktemp("kills") / "whole", mnist_file)
    uninterrupted = whole.train(*SETTINGS)
    with WarmProject(project) as warm:
        killed = [warm.train(*SETTINGS, fault=moment).finish() for moment in moments()]
        full = [warm.train(*SETTINGS, fault=f"FULL@{place}:1").finish() for place in WRITES.values()]
        ended = [warm.train(*SETTINGS, fault=moment).finish() for moment in END.values()]
    return Story(project, killed, full, ended, project.train(*SETTINGS).finish(), whole, uninterrupted.finish())


def test_twenty_commands_are_killed_and_the_last_one_finishes(story: Story) -> None:
    assert [answer.returncode for answer in story.killed] == [-9] * 20
    assert story.last.returncode == 0, story.last.stderr
    assert story.answer.returncode == 0, story.answer.stderr


@pytest.mark.parametrize("number", range(len(WRITES)), ids=WRITES)
def test_a_full_disk_is_one_line_and_the_command_fails(story: Story, number: int) -> None:
    answer = story.full[number]
    assert answer.returncode == 2
    (line,) = [line for line in answer.stderr.splitlines() if line.startswith("error: ")]
    assert answer.stderr.endswith(f"{line}\n")
    assert "Traceback" not in answer.stderr


def test_five_of_them_at_least_are_killed_in_the_writing_of_a_checkpoint(story: Story) -> None:
    places = story.places()[:20]
    assert sum("save_checkpoint" in place.split() for place in places) >= 5
    assert len({place.split()[0] for place in places}) >= 5


def test_three_more_are_killed_when_all_steps_are_taken(story: Story) -> None:
    assert [answer.returncode for answer in story.ended] == [-9] * 3
    for function, place in zip(END, story.places()[20:], strict=True):
        assert function in place.split()


def test_each_model_is_logged_once(story: Story) -> None:
    (run,) = story.project.tracked("training")
    models = story.project.client().search_logged_models([run.info.experiment_id])
    assert sorted(model.name for model in models) == ["discriminator", "generator"]
    assert {model.status for model in models} == {"READY"}


def test_all_of_it_is_one_run_in_one_folder(story: Story) -> None:
    (folder,) = story.project.folders()
    (run,) = story.project.tracked("training")
    assert (metadata_of(folder / "models")["run_id"], run.info.status) == (run.info.run_id, "FINISHED")


def test_networks_average_optimisers_and_history_are_those_of_a_training_never_killed_to_the_last_bit(
    story: Story,
) -> None:
    assert_same_results(*story.folders())


def test_each_figure_stands_once_a_step_and_none_is_missing(story: Story) -> None:
    found = []
    for project in (story.project, story.whole):
        (run,) = project.tracked("training")
        client, points = project.client(), {}
        for key in run.data.metrics:
            history = [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, key)]
            assert len({step for step, _ in history}) == len(history), key
            points[key] = sorted(history)
        found.append({key: values for key, values in points.items() if key.split("/")[0] in ("train", "heldout")})
    assert found[0] == found[1]


def test_nothing_is_left_but_what_a_finished_training_leaves(story: Story) -> None:
    names = [{path.relative_to(folder) for path in folder.rglob("*")} for folder in story.folders()]
    assert names[0] == names[1]
