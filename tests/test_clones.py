"""Fresh clones of the project: no output of a stage is there, none is in DVC's cache, and there is no remote."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pipeline.settings.paths import ROOT
from tests.dvc_projects import cloned, commit, git, small_project
from tests.dvc_stages import STAGES
from tests.projects import Finished, Project, metadata_of

pytestmark = pytest.mark.timeout(3000)
SECONDS = 600
WIDEST = 200  # columns of a terminal
METRICS = sorted({next(iter(line)) for stage in STAGES.values() for line in stage.get("metrics", [])})
ASKED = "acgan.auxiliary_weight.generated"


def test_metrics_lie_in_git_and_other_outputs_do_not(tmp_path: Path) -> None:
    assert [f"reports/{name}/metrics.json" for name in ("acgan", "autoencoder", "judge", "vae")] == METRICS
    for stage in STAGES.values():
        assert not any(options["cache"] for line in stage.get("metrics", []) for options in line.values())
    others = ["models/acgan/run.json", "reports/acgan/losses/train.csv", "reports/vae/evaluation/figures.json"]
    git(tmp_path, "init", "--quiet")
    shutil.copy(ROOT / ".gitignore", tmp_path)
    command = ["git", "check-ignore", *METRICS, *others]
    ignored = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert ignored.stdout.splitlines() == others


def test_no_plot_is_a_file_of_a_stages_folder_by_itself() -> None:
    """DVC looks for such a file after every experiment, and fails where its folder is not in the cache."""
    plots = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    assert len(plots) >= 5
    for plot in plots:
        ((_, chart),) = plot.items()
        assert isinstance(chart["y"], dict)


@dataclass(frozen=True)
class Clones:
    """Two clones of a project with the committed `dvc.lock` and metrics, and what DVC printed in them.

    Attributes:
        committed: `dvc metrics show` in the first, before anything else.
        trained: `dvc repro train@autoencoder` in it.
        experiments: `dvc exp run -S autoencoder.steps=…` in it: in the workspace, with `--temp`, and three from the
            queue, by two workers.
        evaluated: `dvc exp run` of the AC-GAN's evaluation with another number, in the second.
        printed: `dvc exp show --only-changed`, `dvc metrics show` and `dvc metrics diff` afterwards.
    """

    one: Project
    other: Project
    committed: Finished
    trained: Finished
    experiments: list[Finished]
    evaluated: Finished
    printed: list[Finished]


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Clones:
    folder = tmp_path_factory.mktemp("clones")

    def dvc(project: Project, *words: str) -> Finished:
        return project.start("dvc", *words, extra={"MNIST_DIR": str(mnist_file.parent)}).finish(seconds=SECONDS)

    origin = small_project(folder / "origin", mnist_file)
    for name in ("dvc.lock", *METRICS):
        (origin.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, origin.root / name)
    dvc(origin, "repro", "judge")
    commit(origin.root)
    one, other = cloned(origin, folder / "a clone"), cloned(origin, folder / "another")
    committed, trained = dvc(one, "metrics", "show"), dvc(one, "repro", "train@autoencoder")
    run = ("exp", "run", "-S")
    experiments = [
        dvc(one, *run, "autoencoder.steps=7", "train@autoencoder"),
        dvc(one, *run, "autoencoder.steps=5", "--temp", "train@autoencoder"),
        dvc(one, *run, "autoencoder.steps=3,4,8", "--queue", "train@autoencoder"),
        dvc(one, "exp", "run", "--run-all", "--jobs", "2"),
    ]
    evaluated = dvc(other, *run, f"{ASKED}=0.5", "evaluate@acgan")
    words = (("exp", "show", "--only-changed"), ("metrics", "show"), ("metrics", "diff"))
    printed = [dvc(other, *command) for command in words]
    return Clones(one, other, committed, trained, experiments, evaluated, printed)


@pytest.mark.long
def test_a_fresh_clone_shows_the_metrics_of_the_committed_run(clones: Clones) -> None:
    assert clones.committed.returncode == 0
    assert clones.committed.stderr == ""
    for name in METRICS:
        assert name in clones.committed.stdout


@pytest.mark.long
def test_one_family_is_experimented_with_where_the_outputs_of_the_others_are_not_there(clones: Clones) -> None:
    assert clones.trained.returncode == 0, clones.trained.stderr
    for experiment in clones.experiments:
        assert experiment.returncode == 0, experiment.stderr
    answer = clones.one.start("dvc", "exp", "show", "--json").finish()
    (kept,) = (state["experiments"] for state in json.loads(answer.stdout) if state.get("experiments"))
    params = [one["revs"][-1]["data"]["params"]["params.yaml"]["data"] for one in kept]
    assert {block["autoencoder"]["steps"] for block in params} == {3, 4, 5, 7, 8}
    assert metadata_of(clones.one.root / "models" / "autoencoder")["steps"] == 7
    assert not (clones.one.root / "models" / "acgan").exists()


@pytest.mark.long
def test_runs_are_tagged_with_the_stage_and_experiment_of_dvc(clones: Clones) -> None:
    first, *experiments = clones.one.tracked("training", family="autoencoder")
    assert "dvc.experiment" not in first.data.tags
    assert {run.data.tags["dvc.stage"] for run in (first, *experiments)} == {"train@autoencoder"}
    assert len({run.data.tags["dvc.experiment"] for run in experiments}) == len(experiments) == 5
    assert {run.data.params["autoencoder.steps"] for run in experiments} == {"3", "4", "5", "7", "8"}
    assert not list((clones.one.root / ".dvc").rglob("mlflow.db"))


@pytest.mark.long
def test_tables_of_experiments_and_metrics_fit_a_terminal(clones: Clones) -> None:
    assert clones.evaluated.returncode == 0, clones.evaluated.stderr
    for command in (clones.committed, *clones.printed):
        assert (command.returncode, command.stderr) == (0, "")
        assert max(map(len, command.stdout.splitlines())) <= WIDEST, command.stdout


@pytest.mark.long
def test_experiments_are_shown_with_what_was_varied_and_what_came_of_it(clones: Clones) -> None:
    shown, _, difference = (command.stdout for command in clones.printed)
    for name in (ASKED, "accuracy", "coverage", "frechet_digit_distance"):
        assert name in shown
    assert "acgan.steps" not in shown
    rows = [line.split() for line in difference.splitlines()]
    measures = {row[1] for row in rows if row and row[0] == "reports/acgan/metrics.json"}
    assert measures == {"accuracy", "coverage", "frechet_digit_distance"}
