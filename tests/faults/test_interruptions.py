"""One training interrupted in five ways, beside one that is not; both end the same to the last bit."""

from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from tests.faults.warm import Forked, WarmProject
from tests.patience import wait_for
from tests.projects import QUICK, Finished, Project, Started, metadata_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

LONG = (*QUICK, "acgan.report_every=2", "acgan.steps=10")
SHORT = (*QUICK, "acgan.report_every=2", "acgan.steps=4")


@dataclass(frozen=True)
class Phase:
    """The output of a command, and the status of its run afterwards."""

    answer: Finished
    run_id: str
    status: str


@dataclass(frozen=True)
class Story:
    """What happened, in this order.

    Attributes:
        whole: A training under way while another of the same settings was started; it was not interrupted.
        killed: The other one, killed at step 4, after the checkpoint of step 2.
        interrupted: The same command again; Ctrl-C at step 6.
        hung_up: And again, in a terminal that is closed at step 7; what is printed is the exit status.
        stopped: And again; Ctrl-C twice at step 8.
        terminated: And again; terminated at step 8.
        finished: And again, to its end.
        short: A training of four steps.
        longer: From there to ten steps, while the interrupted one still lay there.
    """

    project: Project
    whole: Phase
    killed: Phase
    interrupted: Phase
    hung_up: Phase
    stopped: Phase
    terminated: Phase
    finished: Phase
    short: Phase
    longer: Phase

    def folder(self, phase: Phase) -> Path:
        (found,) = [one for one in self.project.folders() if metadata_of(one / "models")["run_id"] == phase.run_id]
        return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Story:
    project = Project.copied_to(tmp_path_factory.mktemp("faults") / "a project", mnist_file)

    def end(started: Started | Forked, folder: Path | None = None) -> Phase:
        before = {one: one.stat().st_mtime_ns for one in folders}
        answer = started.finish()
        (place,) = [one for one in project.folders() if one not in before] if folder is None else [folder]
        folders.append(place)
        run_id = metadata_of(place / "models")["run_id"]
        return Phase(answer, run_id, project.client().get_run(run_id).info.status)

    folders: list[Path] = []
    with WarmProject(project) as warm:
        under_way = warm.train(*LONG, fault="WAIT@1")
        wait_for(project.folders, seconds=600)
        first = project.folders()
        folders += first
        killed = end(warm.train(*LONG, fault="SIGKILL@4"))
        (project.root / "go").touch()
        whole = end(under_way, first[0])
        other = folders[1]
        running, beside = warm.train(*LONG, fault="SIGINT@6"), warm.train(*SHORT)
        interrupted = end(running, other)
        short = end(beside)
        start_from = f"start_from={folders[-1].relative_to(project.root)}"
        again, beside = project.train_in_terminal(*LONG, fault="CLOSE@7"), warm.train(*LONG, start_from)
        hung_up = end(again, other)
        stopped = end(warm.train(*LONG, fault="SIGINT+SIGINT@8"), other)
        terminated = end(warm.train(*LONG, fault="SIGTERM@8"), other)
        longer = end(beside)
        finished = end(warm.train(*LONG), other)
    return Story(project, whole, killed, interrupted, hung_up, stopped, terminated, finished, short, longer)


def assert_same_results(one: Path, other: Path) -> None:
    with np.load(one / "models" / "state.npz") as ours, np.load(other / "models" / "state.npz") as theirs:
        assert set(ours.files) == set(theirs.files)
        for name in ours.files:
            assert ours[name].tobytes() == theirs[name].tobytes(), name
    for name in ("generator.keras", "discriminator.keras"):
        best = [ZipFile(folder / "models" / "best" / name).read("model.weights.h5") for folder in (one, other)]
        assert best[0] == best[1]
    for name in ("train.csv", "heldout.csv"):
        curves = [(folder / "reports" / "losses" / name).read_bytes() for folder in (one, other)]
        assert curves[0] == curves[1]


def test_two_same_commands_side_by_side_get_two_folders(story: Story) -> None:
    one, other = story.folder(story.whole), story.folder(story.finished)
    assert one.name.removesuffix("-1") == other.name.removesuffix("-2")


def test_a_training_that_is_not_interrupted_ends_finished(story: Story) -> None:
    assert (story.whole.answer.returncode, story.whole.status) == (0, "FINISHED"), story.whole.answer.stderr


def test_after_a_kill_the_same_command_resumes_from_the_last_checkpoint(story: Story) -> None:
    assert (story.killed.answer.returncode, story.killed.status) == (-9, "RUNNING")
    assert "after step 2" in story.interrupted.answer.stdout
    assert story.interrupted.run_id == story.killed.run_id


def test_ctrl_c_ends_the_run_as_killed_and_the_command_with_130(story: Story) -> None:
    assert (story.interrupted.answer.returncode, story.interrupted.status) == (130, "KILLED")
    assert story.interrupted.answer.stderr.endswith("error: interrupted\n")
    assert "Traceback" not in story.interrupted.answer.stderr


def test_a_closed_terminal_ends_the_run_as_killed_and_its_command_with_129(story: Story) -> None:
    assert (story.hung_up.answer.stdout, story.hung_up.status) == ("129\n", "KILLED"), story.hung_up.answer.stderr


def test_after_a_closed_terminal_the_same_command_resumes_after_the_step_that_was_under_way(story: Story) -> None:
    assert "after step 7" in story.stopped.answer.stdout


def test_a_second_ctrl_c_stops_at_once_without_a_checkpoint(story: Story) -> None:
    assert (story.stopped.answer.returncode, story.stopped.status) == (130, "KILLED")
    assert story.stopped.answer.stderr.endswith("error: interrupted\n")
    assert "after step 7" in story.terminated.answer.stdout


def test_a_terminated_run_ends_as_killed_and_its_command_with_143(story: Story) -> None:
    assert (story.terminated.answer.returncode, story.terminated.status) == (143, "KILLED")
    assert "Traceback" not in story.terminated.answer.stderr


def test_an_interrupted_training_ends_finished_in_the_run_that_it_began(story: Story) -> None:
    assert "after step 8" in story.finished.answer.stdout
    assert (story.finished.answer.returncode, story.finished.status) == (0, "FINISHED"), story.finished.answer.stderr
    assert story.finished.run_id == story.killed.run_id


def test_an_interrupted_training_ends_like_one_that_never_was_to_the_last_bit(story: Story) -> None:
    assert_same_results(story.folder(story.finished), story.folder(story.whole))


def test_no_figure_is_tracked_twice_and_none_is_missing(story: Story) -> None:
    client = story.project.client()
    tracked: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for phase in (story.whole, story.finished):
        keys = client.get_run(phase.run_id).data.metrics
        points = {key: [(one.step, one.value) for one in client.get_metric_history(phase.run_id, key)] for key in keys}
        assert all(len({step for step, _ in found}) == len(found) for found in points.values())
        tracked[phase.run_id] = {key: sorted(found) for key, found in points.items() if key.split("/")[0] in LOGGED}
    whole, finished = tracked[story.whole.run_id], tracked[story.finished.run_id]
    assert whole == finished
    assert [step for step, _ in whole["train/generator/loss"]] == list(range(1, 11))
    assert [step for step, _ in whole["heldout/matched/generator/loss"]] == [2, 4, 6, 8, 10]


LOGGED = ("train", "heldout")


def test_a_finished_training_leaves_its_state_and_no_checkpoint(story: Story) -> None:
    for phase in (story.whole, story.finished, story.short, story.longer):
        folder = story.folder(phase)
        assert not list(folder.glob("*.npz"))
        assert (folder / "models" / "state.npz").exists()


def test_a_finished_training_is_never_resumed(story: Story) -> None:
    whole = story.project.client().get_run(story.whole.run_id).info
    last = story.project.client().get_run(story.finished.run_id).info
    assert whole.end_time < last.end_time
    assert len(story.project.folders()) == 4
    assert len(story.project.tracked("training")) == 4


def test_a_longer_training_starts_from_a_finished_one_and_equals_one_in_a_single_go(story: Story) -> None:
    assert (story.longer.answer.returncode, story.longer.status) == (0, "FINISHED"), story.longer.answer.stderr
    assert "after step 4" in story.longer.answer.stdout
    assert_same_results(story.folder(story.longer), story.folder(story.whole))


def test_what_a_person_sees_is_labelled_as_a_smoke_test(story: Story) -> None:
    assert "smoke" in story.whole.answer.stdout
    run = story.project.client().get_run(story.whole.run_id)
    assert run.info.run_name.endswith("smoke")
    assert run.data.tags["label"] == "smoke"
