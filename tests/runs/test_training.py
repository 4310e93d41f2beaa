"""The stages called in one process, on a few hundred images, with their own store and folders."""

import gc
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import keras
import numpy as np
import pytest
from PIL import Image

from pipeline import evaluate, render, train
from pipeline.data.digests import file_digest
from pipeline.data.keys import Key
from pipeline.judging import quality
from pipeline.judging import run as judging
from pipeline.judging.calibration import Calibration
from pipeline.runs import outputs, report_judge, training
from pipeline.runs.folder import NotTrainedError, RunFolder, find_files
from pipeline.runs.trials import TrialJob
from pipeline.settings import paths
from pipeline.settings.composed import Settings
from pipeline.settings.errors import SettingsError
from pipeline.settings.job import Job
from pipeline.tracking.pages import runs_where
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.store import connect
from pipeline.training.acgan.training import AcganTraining
from pipeline.training.checkpoints import load_parts
from pipeline.training.family import Report, Values, clear_models
from pipeline.training.history import History, read_history
from pipeline.training.loop import CheckpointDue, DivergedError, Evaluator, Points, ReportMade
from pipeline.training.timing import Phase
from tests.composing import settings_of
from tests.places import place
from tests.projects import metadata_of
from tests.training.phases import Phases

# Without two terms of the losses that have no state and take long to compile.
SMALL = (
    "+debug=smoke",
    "acgan.generator.filters=[8,8,8]",
    "acgan.generator.energy_distance=0",
    "acgan.discriminator.filters=[8,8,8,8]",
    "acgan.discriminator.gradient_penalty=0",
    "tracking.system_metrics=false",
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Called:
    """A project in a folder of its own, and a finished training in it."""

    root: Path
    run: Path

    @property
    def reports(self) -> Path:
        return self.run / "reports"


def settings(mnist_file: Path, *overrides: str) -> Settings:
    return settings_of(*SMALL, f"data.path='{mnist_file.as_posix()}'", *overrides).resolve(gpu=False)


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Iterator[Called]:
    root = tmp_path_factory.mktemp("a project")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "DVC_STAGE"):
            patch.delenv(name, raising=False)
        for name in ("ROOT", "STORE_ROOT"):
            patch.setattr(paths, name, root)
        train.train(settings(mnist_file), Job("pipeline.train", SMALL))
        (run,) = (path for path in (root / "runs" / "acgan").iterdir() if path.is_dir())
        chosen = settings(mnist_file, f"run='{run.as_posix()}'")
        evaluate.evaluate(chosen, Job("pipeline.evaluate", SMALL))
        old = run / "reports" / "pictures" / "of an earlier training.png"
        old.parent.mkdir()
        old.write_bytes(b"old")
        render.render(chosen, Job("pipeline.render", SMALL))
        yield Called(root, run)
        clear_models()


def test_a_finished_training_leaves_no_checkpoint_and_all_its_outputs(called: Called) -> None:
    assert [path.name for path in called.run.glob("*.npz")] == []
    models = {path.name for path in (called.run / "models").iterdir()}
    assert models == {"best", "last", "layers", "run.json", "samples", "state.npz"}
    assert {path.stem for path in (called.run / "models" / "last").iterdir()} == {
        "combined",
        "discriminator",
        "generator",
    }


def test_a_training_notes_the_hash_of_its_data(called: Called, mnist_file: Path) -> None:
    assert metadata_of(called.run / "models")["data"] == file_digest(mnist_file)


def test_an_evaluation_writes_both_schemes_of_both_networks(called: Called) -> None:
    metrics = json.loads((called.reports / "evaluation" / "figures.json").read_text(encoding="utf-8"))
    for scheme in ("hard", "matched"):
        for component in ("generator", "discriminator"):
            losses = metrics["test"][scheme][component]
            assert losses["loss"] == pytest.approx(losses["generation_loss"] + losses["auxiliary_loss"], rel=1e-5)


def test_an_evaluation_writes_each_measure_with_its_reference_and_its_judge(called: Called) -> None:
    metrics = json.loads((called.reports / "evaluation" / "figures.json").read_text(encoding="utf-8"))
    for name in ("accuracy", "frechet_digit_distance", "coverage", "digit_score", "precision", "recall", "density"):
        assert metrics["quality"][name].keys() == {"value", "reference"}
    metadata = metadata_of(called.run / "models")
    assert metrics["judge"] == metadata["judge"]
    assert metrics["weights"] == {"which": "last", "step": metadata["steps"]}


def test_a_report_is_logged_with_its_measures_beside_their_references(called: Called) -> None:
    store = connect(family="acgan", experiment="mnist", root=called.root)
    (run,) = runs_where(store, "tags.kind = 'training' and params.seed = '0' and params.`acgan.steps` = '6'")
    for name in ("accuracy", "frechet_digit_distance", "coverage"):
        for key in (f"heldout/{name}", f"reference/{name}"):
            assert [point.step for point in store.client.get_metric_history(run.info.run_id, key)] == [3, 6]
    assert len(run.data.tags["judge.digest"]) == 64
    assert float(run.data.tags["judge.accuracy"]) <= 1


def test_the_grid_has_a_white_column_between_generated_and_real_digits(called: Called) -> None:
    with Image.open(called.reports / "pictures" / "digits.png") as image:
        pixels = np.asarray(image)
    middle = pixels[:, pixels.shape[1] // 2]
    assert (middle == 255).all()
    assert (pixels[-40:, : pixels.shape[1] // 3] < 255).any()


def test_evaluation_and_rendering_are_children_of_the_training_run(called: Called) -> None:
    store = connect(family="acgan", experiment="mnist", root=called.root)
    runs = {run.data.tags["kind"]: run for run in runs_where(store, "attributes.status = 'FINISHED'")}
    parent = runs["training"].info.run_id
    assert {runs[stage].data.tags["mlflow.parentRunId"] for stage in ("evaluate", "render")} == {parent}
    found = runs["training"].data.metrics["trained/test/hard/generator/loss"]
    assert found == runs["evaluate"].data.metrics["test/hard/generator/loss"]
    assert runs["training"].data.tags["label"] == "smoke"
    assert "trained/quality/coverage" in runs["training"].data.metrics
    assert "trained/quality/accuracy_by_digit/3" not in runs["training"].data.metrics
    assert "quality/accuracy_by_digit/3" in runs["evaluate"].data.metrics
    assert runs["evaluate"].data.tags["judge.digest"] == runs["training"].data.tags["judge.digest"]


def test_pictures_of_an_earlier_rendering_are_gone(called: Called) -> None:
    names = {path.name for path in (called.reports / "pictures").iterdir()}
    assert "digits.png" in names
    assert "of an earlier training.png" not in names


def test_a_longer_training_starts_from_a_finished_one(called: Called, mnist_file: Path) -> None:
    longer = settings(mnist_file, f"start_from='{called.run.as_posix()}'", "acgan.steps=8")
    train.train(longer, Job("pipeline.train", SMALL))
    runs = [path for path in (called.root / "runs" / "acgan").iterdir() if path.is_dir()]
    (new,) = set(runs) - {called.run}
    metadata = metadata_of(new / "models")
    assert metadata["steps"] == 8
    assert (new / "models" / "best").is_dir()
    samples = sorted(path.name for path in (new / "models" / "samples").iterdir())
    assert samples == [f"step-{step:07d}.npy" for step in (0, 3, 6, 8)]


def test_every_phase_of_a_training_is_timed_from_its_networks_to_its_outputs(called: Called, mnist_file: Path) -> None:
    phases = Phases()
    train.train(settings(mnist_file, "seed=9"), Job("pipeline.train", SMALL), timers=phases)
    assert (phases.entered[0], phases.entered[-1]) == (Phase.BUILD, Phase.FINISH)
    assert set(phases.entered) == set(Phase)
    assert [phases.entered.count(phase) for phase in (Phase.STEP, Phase.EVALUATION, Phase.PICTURES)] == [6, 2, 3]


def test_early_samples_are_named_in_the_terminal_and_change_no_bit_of_the_training(
    called: Called, mnist_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set((called.root / "runs" / "acgan").iterdir())
    early = settings(mnist_file, "tracking.early_samples=[2,3]")
    train.train(early, Job("pipeline.train", SMALL))
    (run,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    samples = sorted(path.name for path in (run / "models" / "samples").glob("*.npy"))
    assert samples == [f"step-{step:07d}.npy" for step in (0, 2, 3, 6)]
    shown = capsys.readouterr().out.splitlines()
    assert f"the run: http://127.0.0.1:5000/#/experiments/1/runs/{metadata_of(run / 'models')['run_id']}?" in shown[-2]
    drawn = [line for line in shown if "samples in" in line]
    assert [line.split(":")[0] for line in drawn] == ["step 2", "step 3", "step 6"]
    assert all(line.endswith((run.relative_to(called.root) / "samples.png").as_posix()) for line in drawn)
    with Image.open(run / "samples.png") as image:
        assert image.size == (2 * (10 * 29 - 1), 2 * (10 * 29 - 1))
    assert_same_state(run, called.run)


def test_early_samples_within_a_call_of_several_steps_show_the_weights_of_their_own_step(
    called: Called, mnist_file: Path
) -> None:
    before = set((called.root / "runs" / "acgan").iterdir())
    several = ("acgan.report_every=6", "compute.steps_per_call=4", "tracking.early_samples=[3]")
    train.train(settings(mnist_file, *several), Job("pipeline.train", SMALL))
    (run,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    early, reported = (np.load(one / "models" / "samples" / "step-0000003.npy") for one in (run, called.run))
    np.testing.assert_allclose(early, reported, atol=1e-3)


def test_a_longer_training_that_holds_out_nothing_has_no_best_report(called: Called, mnist_file: Path) -> None:
    before = set((called.root / "runs" / "acgan").iterdir())
    longer = settings(mnist_file, f"start_from='{called.run.as_posix()}'", "acgan.steps=7", "data.validation=0")
    train.train(longer, Job("pipeline.train", SMALL))
    (new,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    assert metadata_of(new / "models")["best_step"] is None
    assert not (new / "models" / "best").exists()


def test_a_training_no_longer_than_what_it_starts_from_is_refused(called: Called, mnist_file: Path) -> None:
    same = settings(mnist_file, f"start_from='{called.run.as_posix()}'", "seed=3")
    with pytest.raises(SettingsError, match=r"`acgan.steps` must be above 6, .* Received: 6"):
        train.train(same, Job("pipeline.train", SMALL))


def test_a_training_without_held_out_images_is_read_with_its_last_weights(
    called: Called, mnist_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set((called.root / "runs" / "acgan").iterdir())
    train.train(settings(mnist_file, "data.validation=0", "seed=5"), Job("pipeline.train", SMALL))
    (run,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    assert not (run / "models" / "best").exists()
    chosen = settings(mnist_file, f"run='{run.as_posix()}'", "evaluate.weights=best")
    evaluate.evaluate(chosen, Job("pipeline.evaluate", SMALL))
    assert "its last weights are read" in capsys.readouterr().out
    metrics = json.loads((run / "reports" / "evaluation" / "figures.json").read_text(encoding="utf-8"))
    assert metrics["weights"] == {"which": "last", "step": 6}


def assert_same_state(run: Path, other: Path) -> None:
    states = [np.load(folder / "models" / "state.npz") for folder in (run, other)]
    assert states[0].files == states[1].files
    for name in states[0].files:
        assert states[0][name].tobytes() == states[1][name].tobytes(), name


def assert_same_networks(run: Path, other: Path) -> None:
    states = [np.load(folder / "models" / "state.npz") for folder in (run, other)]
    for name in (name for name in states[0].files if "/" in name):
        assert states[0][name].tobytes() == states[1][name].tobytes(), name


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_training_interrupted_while_it_logs_its_models_resumes_to_the_same_end(
    called: Called, mnist_file: Path
) -> None:
    before = set((called.root / "runs" / "acgan").iterdir())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recorder, "model", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            train.train(settings(mnist_file), Job("pipeline.train", SMALL))
    (run,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    assert (run / "checkpoint.npz").exists()
    first = metadata_of(run / "models")["run_id"]
    with pytest.raises(NotTrainedError):
        find_files(run)
    train.train(settings(mnist_file), Job("pipeline.train", SMALL))
    assert not (run / "checkpoint.npz").exists()
    metadata = metadata_of(run / "models")
    assert (metadata["run_id"], metadata["steps"]) == (first, 6)
    assert_same_state(run, called.run)


def test_the_first_samples_wait_for_no_judge_and_its_training_may_be_interrupted(
    called: Called, mnist_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set((called.root / "runs" / "acgan").iterdir())
    asked = settings(mnist_file, "judge.seed=7", "tracking.early_samples=[1,3]")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "train_classifier", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            train.train(asked, Job("pipeline.train", SMALL))
    (run,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    samples = {path.name for path in (run / "models" / "samples").iterdir()}
    assert samples == {"step-0000000.npy", "step-0000001.npy", "step-0000003.npy"}  # a report is due after step 3
    assert "judge" not in metadata_of(run / "models")
    assert (run / "checkpoint.npz").exists()
    train.train(asked, Job("pipeline.train", SMALL))
    assert "after step 3" in capsys.readouterr().out
    assert len(metadata_of(run / "models")["judge"]["digest"]) == 64
    assert_same_networks(run, called.run)


@pytest.mark.parametrize(("digest", "best"), [("a", 3), ("b", None)])
def test_another_judge_than_that_of_the_reports_so_far_chooses_the_best_anew(
    digest: str, best: int | None, tmp_path: Path
) -> None:
    folder, history = RunFolder(tmp_path), History(step=6, best_score=(2.0,), best_step=3, best_judged=True)
    folder.update_metadata(reported_on={"judge": {"digest": "a"}})
    tags: dict[str, str] = {}
    judge, run = MagicMock(digest=digest, accuracy=0.5), SimpleNamespace(tags=tags.update)
    report_judge.note_judge(judge, basis=lambda: {"judge": {"digest": digest}}, history=history, folder=folder, run=run)  # type: ignore[arg-type]
    assert (history.best_step, tags["judge.digest"]) == (best, digest)
    assert folder.metadata()["reported_on"]["judge"] == {"digest": digest}


def scored(scores: Iterable[float]) -> Callable[..., Evaluator]:
    """What asks the judge as ever, and puts the next of `scores` in the place of its own."""
    coming = iter(scores)

    def measure_reports(calibration: Calibration, *, selecting: bool) -> Evaluator:
        ask = quality.measure_reports(calibration, selecting=selecting)
        return lambda trained: replace(ask(trained), score=(next(coming),))

    return measure_reports


def test_the_best_reports_composition_is_the_join_of_its_own_halves(
    called: Called, mnist_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_judge, "measure_reports", scored((3.0, 1.0, 2.0, 4.0, 5.0)))
    before = set((called.root / "runs" / "acgan").iterdir())
    every = ("acgan.report_every=1", "acgan.steps=5", "acgan.keep_every_report=true")
    train.train(settings(mnist_file, *every), Job("pipeline.train", SMALL))
    (run,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    metadata = metadata_of(run / "models")
    assert (metadata["best_step"], metadata["steps"]) == (2, 5)
    best = load_parts(run / "models" / "best")
    pairs = {"latent": np.full((2, 100), 0.5, np.float32), "digit": np.array([[3], [8]])}
    expected = best["discriminator"]({"image": best["generator"](pairs)})
    joined = best["combined"](pairs)
    for name in ("generation", "auxiliary"):
        np.testing.assert_array_equal(joined[name], expected[name])
    reported = load_parts(run / "models" / "reports" / f"step-{metadata['best_step']:07d}")
    last = load_parts(run / "models" / "last")
    for half in ("generator", "discriminator"):
        kept, then, end = (parts[half].get_weights() for parts in (best, reported, last))
        for one, other in zip(kept, then, strict=True):
            np.testing.assert_array_equal(one, other)
        assert any((one != other).any() for one, other in zip(kept, end, strict=True))


def test_a_training_that_diverges_keeps_its_best_report_whole(
    called: Called, mnist_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = AcganTraining.take_steps

    def diverge(training: AcganTraining, step: int, count: int) -> list[Values]:
        taken = take(training, step, count)
        return [losses if step + n < 4 else dict.fromkeys(losses, math.nan) for n, losses in enumerate(taken)]

    monkeypatch.setattr(AcganTraining, "take_steps", diverge)
    before = set((called.root / "runs" / "acgan").iterdir())
    with pytest.raises(DivergedError):
        train.train(settings(mnist_file, "seed=8"), Job("pipeline.train", SMALL))
    (run,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    best = load_parts(run / "models" / "best")
    assert best.keys() == {"generator", "discriminator", "combined"}
    assert all(np.isfinite(array).all() for part in best.values() for array in part.get_weights())
    assert [path.name for path in run.glob("*.npz")] == []


def test_a_weight_that_is_no_number_stops_the_training_and_the_last_checkpoint_can_be_read(
    called: Called, mnist_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = AcganTraining.take_steps

    def spoil(training: AcganTraining, number: int, count: int) -> list[Values]:
        losses = steps(training, number, count)
        if number == 4:
            # The average is in no loss of a step.
            kernel = training.networks.averaged.trainable_variables[2]
            kernel.assign(keras.ops.full(kernel.shape, math.inf))
        return losses

    monkeypatch.setattr(AcganTraining, "take_steps", spoil)
    before = set((called.root / "runs" / "acgan").iterdir())
    every = ("acgan.report_every=100", "acgan.steps=8", "tracking.checkpoint_seconds=0.000001")
    with pytest.raises(DivergedError, match=r"`.*` \(averaged/02\) of the state is inf after 5 steps") as refusal:
        train.train(settings(mnist_file, *every), Job("pipeline.train", SMALL))
    assert "\n" not in str(refusal.value)
    (run,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    store = connect(family="acgan", experiment="mnist", root=called.root)
    assert store.client.get_run(metadata_of(run / "models")["run_id"]).info.status == "FAILED"
    assert [path.name for path in run.glob("*.npz")] == ["checkpoint.npz"]
    assert read_history(run / "checkpoint.npz").step == 4
    with np.load(run / "checkpoint.npz") as kept:
        assert all(np.isfinite(kept[name]).all() for name in kept.files)


@pytest.mark.parametrize("in_sweep", [False, True])
def test_a_job_of_a_sweep_unfreezes_the_collector_even_where_it_fails(
    in_sweep: bool, called: Called, mnist_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "finish", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        train.train(settings(mnist_file, "seed=7"), Job("pipeline.train", SMALL, sweep=place() if in_sweep else None))
    assert (gc.get_freeze_count() == 0) == in_sweep
    clear_models()


def test_a_hopeless_trial_ends_after_its_report_finished_and_pruned(called: Called, mnist_file: Path) -> None:
    before = set((called.root / "runs" / "acgan").iterdir())
    reports = dict[int, set[Key]]()

    def is_hopeless(step: int, values: Mapping[Key, float]) -> bool:
        reports[step] = set(values)
        return True

    trial = TrialJob("pipeline.train", SMALL, trial=7, is_hopeless=is_hopeless)
    train.train(settings(mnist_file, "acgan.soft_label.real=0.8"), trial)
    assert reports.keys() == {3}
    assert {Key.parse(f"heldout/{name}") for name in ("frechet_digit_distance", "hard/generator/loss")} <= reports[3]
    (folder,) = (path for path in set((called.root / "runs" / "acgan").iterdir()) - before if path.is_dir())
    assert (folder / "ended").read_text(encoding="utf-8") == "pruned\n"
    assert not (folder / "models" / "last").exists()
    store = connect(family="acgan", experiment="mnist", root=called.root)
    run = store.client.get_run(metadata_of(folder / "models")["run_id"])
    assert (run.info.run_name, run.info.status) == ("acgan trial 7 smoke", "FINISHED")
    assert (run.data.tags["search.trial"], run.data.tags["pruned"]) == ("7", "true")
    (point,) = store.client.get_metric_history(run.info.run_id, "heldout/coverage")
    assert point.step == 3


def test_a_trial_without_a_judge_is_hopeless_by_its_own_losses() -> None:
    loss = Key.parse("heldout/mse")
    report, last = ReportMade(Report(3, {loss: 0.5}, None), {}, best=False), Points([])
    trial = TrialJob("pipeline.train", SMALL, trial=7, is_hopeless=lambda step, values: values == {loss: 0.5})
    events = training._until_hopeless(iter([report, last, report]), trial, steps=6)
    assert list(events) == [report, last]


def test_a_trial_is_whole_at_its_last_report_and_not_asked_whether_it_is_hopeless() -> None:
    report, points, due = ReportMade(Report(6, {}, None), {}, best=False), Points([]), CheckpointDue()
    trial = TrialJob("pipeline.train", SMALL, trial=7, is_hopeless=lambda step, _: step == 6)
    assert list(training._until_hopeless(iter([report, points, due]), trial, steps=6)) == [report, points, due]
