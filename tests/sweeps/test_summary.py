"""Whole sweeps of a stage that trains nothing and logs figures made up, in a real tracking store."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from filelock import FileLock
from mlflow.entities import Run as MlflowRun
from PIL import Image

from pipeline.data.keys import Key
from pipeline.rendering.comparison import COMPARED, UNCOMPARED
from pipeline.rendering.tables import REAL_DIGITS
from pipeline.runs.description import describe_training
from pipeline.runs.folder import RunFolder
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError
from pipeline.settings.job import Job
from pipeline.sweeps import summary
from pipeline.sweeps import sweep as sweep_module
from pipeline.tracking import first_answer
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.pages import runs_where
from pipeline.tracking.runs import Run
from pipeline.tracking.spool import Spool
from pipeline.tracking.store import Store, connect
from pipeline.training.history import Point
from tests.composing import jobs_of, settings_of
from tests.patience import wait_for
from tests.sweeps.conftest import CallTrain

pytestmark = pytest.mark.slow

SWEEP = ("+sweep=aux_weights", "+debug=smoke")
TWO = ("--multirun", "+debug=smoke", "acgan.auxiliary_weight.generated=0.0,0.5")
REFERENCES = {
    Key.parse("reference/accuracy"): 0.99,
    Key.parse("reference/frechet_digit_distance"): 0.25,
    Key.parse("reference/coverage"): 0.96,
}


def figures(settings: Settings) -> dict[Key, float]:
    weight = float(settings.parameters()["acgan.auxiliary_weight.generated"])
    noise = 0.01 * (settings.seed - 1)
    return {
        Key.parse("heldout/accuracy"): 0.9 + 0.05 * weight + noise,
        Key.parse("heldout/frechet_digit_distance"): 2 + weight - noise,
        Key.parse("heldout/coverage"): 0.7 - 0.4 * weight - noise,
        Key.parse("heldout/matched/generator/loss"): 1.5,
    }


def bounds(settings: Settings) -> dict[Key, float]:
    beta = float(settings.parameters()["vae.beta"])
    return {
        Key.parse("heldout/loss"): 150 + beta,
        Key.parse("heldout/reconstruction"): 140 + 2 * beta,
        Key.parse("heldout/kl_divergence"): 10 - beta,
    }


def errors(settings: Settings) -> dict[Key, float]:
    size = float(settings.parameters()["autoencoder.dim"])
    return {Key.parse("heldout/mse"): 0.1 / size, Key.parse("heldout/bce"): 0.1 + 0.1 / size}


class Stage:
    """Logs what a training would; raises an error in the jobs that are named, after their first report."""

    def __init__(
        self,
        store: Store,
        errors: dict[int, BaseException] | None = None,
        *,
        figures: Callable[[Settings], dict[Key, float]] = figures,
    ) -> None:
        self.store, self.errors, self.figures = store, errors or {}, figures
        self.trained: list[int] = []

    def __call__(self, settings: Settings, job: Job) -> None:
        assert job.sweep is not None
        number = job.sweep.number
        self.trained.append(number)
        description = describe_training(settings, job, digests={"settings": settings.digest(), "code": "c3"})
        with Run(self.store, description, system_metrics=False) as run:
            if number in self.errors:
                run.log([Point(Key.parse("heldout/accuracy"), 0.123, 1)])
                raise self.errors[number]
            points = {**self.figures(settings), **REFERENCES}
            run.log([Point(key, value, 3) for key, value in points.items()])
            run.picture("samples", np.full((8, 8), 200, np.uint8), step=3)


@dataclass(frozen=True)
class Sweep:
    """A sweep that is over.

    Attributes:
        status: The command's exit status.
        parent: The sweep's run; none if it was not opened.
        shown: What the terminal showed.
        files: What the parent run keeps, by name.
    """

    status: int
    parent: MlflowRun | None
    shown: str
    complained: str
    files: dict[str, Path]

    @property
    def parent_id(self) -> str:
        assert self.parent is not None
        return str(self.parent.info.run_id)

    def rows(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(self.files[name].read_text(encoding="utf-8").splitlines()))


Call = Callable[..., Sweep]


@pytest.fixture
def call(call_train: CallTrain, store: Store, tmp_path: Path) -> Call:
    """Calls a stage as a sweep; a test's first call begins a sweep of its own."""
    parents: list[str] = []

    def called(stage: Stage, *overrides: str) -> Sweep:
        before = {run.info.run_id for run in runs_where(stage.store, "tags.kind = 'sweep'")}
        new = f"sweep.new={str(not parents).lower()}"
        status, shown, complained = call_train(stage, *overrides, new, f"hydra.sweep.dir={tmp_path}")
        opened = [run.info.run_id for run in runs_where(stage.store, "tags.kind = 'sweep'")]
        parents.extend(run_id for run_id in opened if run_id not in before)
        if not parents:
            return Sweep(status, None, shown, complained, {})
        parent = parents[-1]
        kept = Path(store.client.download_artifacts(parent, "")).rglob("*.*")
        files = {file.name: file for file in kept}
        return Sweep(status, store.client.get_run(parent), shown, complained, files)

    return called


def test_settings_are_compared_over_three_seeds_with_intervals_and_the_reference(call: Call, store: Store) -> None:
    stage = Stage(store)
    sweep = call(stage, *SWEEP, "seed=0,1,2")
    assert (sweep.status, stage.trained) == (0, list(range(12)))
    assert "sweep of 12 jobs" in sweep.shown
    assert sweep.parent is not None
    assert sweep.parent.info.status == "FINISHED"
    described = sweep.parent.data.tags["mlflow.note.content"]
    for line in (
        "| real=2.0 generated=0.0 | 0.9000 ± 0.0248 | 2.0000 ± 0.0248 | 0.7000 ± 0.0248 | 3 |",
        "| acgan real=1.0 generated=1.0 seed=2 smoke | FINISHED | 0.96 | 2.99 | 0.29 |",
        f"| {REAL_DIGITS} | 0.9900 | 0.2500 | 0.9600 |",
        COMPARED,
        "- accuracy: no single best; real=1.0 generated=1.0 is significantly better than real=2.0 generated=0.0",
        "- Fréchet digit distance: best with real=2.0 generated=0.0, significantly better than all others",
        "- coverage: best with real=2.0 generated=0.0, significantly better than all others",
        "![accuracy against coverage, beside them Fréchet digit distance]",
        "![Last samples of each setting, seed 0]",
        "![coverage of each setting]",
    ):
        assert line in described
    for text in ("real=1.75 generated=0.25  0.9125 ± 0.0248", COMPARED, REAL_DIGITS, "\ncoverage: best with real=2.0"):
        assert text in sweep.shown
    assert len(sweep.rows("sweep.csv")) == 12
    rows = sweep.rows("settings.csv")
    assert [row["acgan.auxiliary_weight.generated"] for row in rows] == ["0.0", "0.25", "0.5", "1.0"]
    first = {key.partition("/")[2]: float(value) for key, value in rows[0].items() if key.startswith("heldout/cov")}
    assert first == pytest.approx(
        {
            "coverage/mean": 0.7,
            "coverage/lower": 0.7 - 0.0248414,
            "coverage/upper": 0.7 + 0.0248414,
            "coverage/seeds": 3,
            "coverage/reference": 0.96,
        },
        abs=1e-6,
    )
    for name in ("accuracy-coverage.png", "samples.png", "accuracy.png", "frechet_digit_distance.png", "coverage.png"):
        with Image.open(sweep.files[name]) as picture:
            assert picture.width > 800


@pytest.mark.parametrize(
    ("chosen", "family", "figures", "kept", "said"),
    [
        ("beta", "vae", bounds, "reconstruction-kl_divergence.png", "reconstruction against KL divergence, beside"),
        ("code_size", "autoencoder", errors, "mse-bce.png", "MSE against BCE]"),
    ],
)
def test_another_family_is_swept_and_drawn_by_its_own_figures_in_its_own_experiment(
    chosen: str,
    family: str,
    figures: Callable[[Settings], dict[Key, float]],
    kept: str,
    said: str,
    call: Call,
    store: Store,
) -> None:
    root = Path(store.uri.removeprefix("sqlite:///")).parent
    own = connect(family=family, experiment="mnist", root=root)
    sweep = call(Stage(own, figures=figures), f"+sweep={chosen}", "+debug=smoke")
    assert sweep.parent is not None
    assert sweep.parent.info.experiment_id != store.experiment_id
    assert sweep.files.keys() >= {kept, "sweep.csv", "settings.csv"}
    assert f"![{said}" in sweep.parent.data.tags["mlflow.note.content"]
    expected = [figures(settings_of(*job)) for job in jobs_of(f"+sweep={chosen}", "+debug=smoke")]
    for row, told in zip(sweep.rows("settings.csv"), expected, strict=True):
        assert {name: float(row[f"{name}/mean"]) for name in told} == pytest.approx(told)


def test_with_one_seed_nothing_is_called_better_and_nothing_has_an_interval(call: Call, store: Store) -> None:
    sweep = call(Stage(store), *TWO)
    assert UNCOMPARED in sweep.shown
    assert not any(word in sweep.shown.replace(UNCOMPARED, "") for word in ("±", "better", "best", "winner", "rank"))
    page = f"/#/experiments/{store.experiment_id}/runs/{sweep.parent_id}?workflowType=machine_learning"
    assert f"the sweep: http://127.0.0.1:5000{page} (while `make ui` runs)" in sweep.shown
    rows = sweep.rows("settings.csv")
    assert [(row["heldout/accuracy/lower"], row["heldout/accuracy/seeds"]) for row in rows] == [
        ("", "1"),
        ("", "1"),
    ]
    assert "accuracy-coverage.png" in sweep.files


def test_a_failed_job_counts_for_nothing_and_its_setting_keeps_its_row(call: Call, store: Store) -> None:
    sweep = call(Stage(store, {1: PipelineError("it diverged")}), *TWO)
    assert (sweep.status, sweep.parent and sweep.parent.info.status) == (1, "FAILED")
    first, second = sweep.rows("settings.csv")
    assert float(first["heldout/accuracy/mean"]) == pytest.approx(0.89)
    assert (second["heldout/accuracy/mean"], second["heldout/accuracy/seeds"]) == ("", "0")
    assert [row["status"] for row in sweep.rows("sweep.csv")] == ["FINISHED", "FAILED"]


def test_a_sweep_of_which_every_job_failed_has_its_tables_and_no_picture(call: Call, store: Store) -> None:
    sweep = call(Stage(store, dict.fromkeys((0, 1), PipelineError("it diverged"))), *TWO)
    assert sweep.status == 1
    assert UNCOMPARED in sweep.shown
    assert sweep.files.keys() == {"sweep.csv", "settings.csv"}


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143)])
def test_a_sweep_that_ended_before_any_figure_closes_with_its_tables(
    error: BaseException, status: int, call: Call, store: Store
) -> None:
    sweep = call(Stage(store, {0: error}), *TWO)
    assert (sweep.status, sweep.parent and sweep.parent.info.status) == (status, "KILLED")
    assert [row["status"] for row in sweep.rows("sweep.csv")] == ["KILLED"]


def test_a_sweep_that_is_resumed_in_its_folder_trains_only_what_is_missing(call: Call, store: Store) -> None:
    cut = Stage(store, {2: KeyboardInterrupt()})
    before = call(cut, *SWEEP)
    again = Stage(store)
    after = call(again, *SWEEP)
    assert (before.status, cut.trained) == (130, [0, 1, 2])
    assert (after.status, again.trained) == (0, [2, 3])
    assert before.parent is not None
    assert after.parent is not None
    assert (after.parent.info.run_id, after.parent.info.status) == (before.parent.info.run_id, "FINISHED")
    assert "job 2 of 4: finished already, as acgan real=1.75 generated=0.25 seed=0 smoke" in after.shown
    assert [row["heldout/accuracy/seeds"] for row in after.rows("settings.csv")] == ["1"] * 4
    assert after.parent.data.tags["mlflow.note.content"].count("| setting |") == 1


def test_a_job_whose_end_waits_in_its_spool_is_sent_and_not_trained_again(call: Call, store: Store) -> None:
    before = call(Stage(store), *TWO)
    first, _ = runs_where(store, f"tags.`mlflow.parentRunId` = '{before.parent_id}'")
    runs = Path(store.uri.removeprefix("sqlite:///")).parent / "runs" / "acgan"
    spools = {run_id: Spool(runs / run_id / "spool") for run_id in (first.info.run_id, "f" * 32)}
    for run_id, spool in spools.items():
        RunFolder(runs / run_id).update_metadata(run_id=run_id)
        spool.begin(run_id, family="acgan", experiment="mnist")
        spool.append("set_terminated", {"run_id": run_id, "status": "FINISHED", "end_time": None})
    store.client.update_run(first.info.run_id, status="RUNNING")
    again = Stage(store)
    assert (call(again, *TWO).status, again.trained) == (0, [])
    assert [spool.folder.exists() for spool in spools.values()] == [False, True]


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        (
            "acgan.soft_label.real=0.8,0.9,2",
            "job 3 of 3: `acgan.soft_label.real` must be less than or equal to 1. Received: 2",
        ),
        ("experiment=original,nothing", "job 2 of 2: `experiment` must be one of conf/experiment ("),
        ("acgan.stepz=1,2", "job 1 of 2: `acgan.stepz` is not a setting: did you mean `acgan.steps`?"),
        ("seed=interval(0,3)", "`seed` must list its values, as in seed=1,2. Received: seed=interval(0,3)"),
    ],
)
def test_a_wrong_value_is_refused_before_the_first_job_trains(sweep: str, said: str, call: Call, store: Store) -> None:
    stage = Stage(store)
    refused = call(stage, "--multirun", "+debug=smoke", sweep)
    assert (refused.status, refused.parent, stage.trained, refused.shown) == (2, None, [], "")
    assert refused.complained.startswith(f"error: {said}")
    assert refused.complained.count("\n") == 1


def test_the_last_line_counts_the_failed_jobs_and_repeats_the_command(call: Call, store: Store) -> None:
    sweep = call(Stage(store, {1: RuntimeError("a mistake")}), *TWO)
    assert sweep.complained.splitlines()[-1] == (
        "error: 1 of 2 jobs failed: repeat them alone with the same command, "
        "`python -m pipeline.train --multirun +debug=smoke acgan.auxiliary_weight.generated=0.0,0.5`"
    )
    assert "1 of 2 jobs finished" in " ".join(sweep.shown.split())
    (job,) = runs_where(store, f"tags.`mlflow.parentRunId` = '{sweep.parent_id}' and attributes.status = 'FAILED'")
    assert "RuntimeError: a mistake" in job.data.tags["traceback"]
    again = Stage(store)
    assert (call(again, *TWO).status, again.trained) == (0, [1])


def test_the_command_that_goes_on_has_the_launcher_that_was_typed(call: Call, store: Store) -> None:
    launcher = (
        "hydra/launcher=basic",
        "hydra.launcher._target_=hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    )
    sweep = call(Stage(store, {1: RuntimeError("a mistake")}), *TWO, *launcher)
    command = f"`python -m pipeline.train {' '.join((*TWO, *launcher))}`"
    assert sweep.complained.splitlines()[-1].endswith(command)
    tags = store.client.get_run(sweep.parent_id).data.tags
    assert command.strip("`") in tags["mlflow.note.content"]
    assert "launcher" not in tags["mlflow.runName"]


@pytest.mark.parametrize(("stop", "status"), [(RuntimeError("a mistake"), 1), (KeyboardInterrupt(), 130)])
def test_a_server_that_is_away_at_the_end_leaves_the_sweep_its_own_status(
    stop: BaseException,
    status: int,
    call_train: CallTrain,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def away(*_: object) -> NoReturn:
        raise TrackingError("the server is away")

    monkeypatch.setattr(summary, "children", away)
    place = ("sweep.new=true", f"hydra.sweep.dir={tmp_path}")
    ended, _, complained = call_train(Stage(store, {1: stop}), *TWO, *place)
    assert ended == status
    assert "error: the server is away\n" in complained
    assert ("1 of 2 jobs failed" in complained) == (status == 1)


def test_a_fault_of_a_sweeps_own_code_keeps_its_traceback(
    call_train: CallTrain, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def wrong(*_: object) -> NoReturn:
        raise ValueError("a mistake")

    monkeypatch.setattr(sweep_module, "finished_jobs", wrong)
    with pytest.raises(ValueError, match="a mistake"):
        call_train(Stage(store), *TWO, "sweep.new=true", f"hydra.sweep.dir={tmp_path}")


def test_a_sweep_that_another_command_runs_is_refused(call: Call, store: Store, tmp_path: Path) -> None:
    call(Stage(store), *TWO)
    (lock,) = tmp_path.glob(".*.lock")
    stage = Stage(store)
    with FileLock(lock):
        refused = call(stage, *TWO)
    assert (refused.status, stage.trained, refused.shown) == (2, [], "")
    assert "is in use by another process" in refused.complained
    assert refused.complained.count("\n") == 1


def test_a_sweeps_run_holds_a_lease_while_its_jobs_train(call_train: CallTrain, store: Store, tmp_path: Path) -> None:
    def stage(_settings: Settings, job: Job) -> None:
        run_id = job.sweep.run if job.sweep else ""
        wait_for(lambda: "owner.lease" in store.client.get_run(run_id).data.tags)

    assert call_train(stage, *TWO, "sweep.new=true", f"hydra.sweep.dir={tmp_path}")[0] == 0


def test_a_store_that_does_not_answer_is_one_line_before_the_first_job(
    call: Call, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setattr(first_answer, "_PATIENCE_SECONDS", 0.0)
    stage = Stage(store)
    refused = call(stage, *TWO)
    assert (refused.status, stage.trained) == (2, [])
    assert refused.complained.startswith("error: The tracking store (`MLFLOW_TRACKING_URI`) must answer")
    assert refused.complained.count("\n") == 1
