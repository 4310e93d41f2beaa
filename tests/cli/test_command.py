"""What a command says and how it exits; the stages here are small ones that train nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hydra
import pytest

from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError
from pipeline.settings.job import Job, stage_of_dvc
from pipeline.settings.paths import ROOT
from tests.commands import apart, call_command

WITHOUT_TENSORFLOW = """
import runpy, sys
sys.modules.update(dict.fromkeys(("tensorflow", "keras", "mlflow")))
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
ERRORS: dict[tuple[str, ...], str] = {
    ("pipeline.train", "acgan.stepz=3"): "`acgan.stepz` is not a setting: did you mean `acgan.steps`?",
    ("pipeline.train", "+acgan.stepz=3"): "`acgan.stepz` is not a setting: did you mean `acgan.steps`?",
    ("pipeline.train", "acgan.steps=0"): "`acgan.steps` must be greater than or equal to 1. Received: 0",
    (
        "pipeline.evaluate",
        "evaluate.batch_size=many",
    ): "`evaluate.batch_size` must be a valid integer. Received: 'many'",
    (
        "pipeline.render",
        "experiment=nope",
    ): "`experiment` must be one of conf/experiment (compact, fashion, long, original). Received: nope",
    (
        "pipeline.fetch",
        "data.source",
    ): "`data.source` must be SETTING=VALUE, in single quotes where it holds spaces or brackets, as in 'acgan.",
}

Call = Callable[..., int]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], "subprocess.CompletedProcess[str]"]:
    """What wrong commands, and one for help, say where TensorFlow, Keras and MLflow cannot be imported."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    begun = {
        words: subprocess.Popen(
            [sys.executable, "-c", WITHOUT_TENSORFLOW, *words],
            cwd=elsewhere,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in [*ERRORS, ("pipeline.train", "--help")]
    }
    said = {words: (process.communicate(timeout=60), process.returncode) for words, process in begun.items()}
    assert not list(elsewhere.iterdir())
    return {words: subprocess.CompletedProcess(words, status, *both) for words, (both, status) in said.items()}


@pytest.mark.parametrize("words", ERRORS, ids=" ".join)
def test_a_wrong_command_is_answered_in_one_line_before_tensorflow_is_imported(
    words: tuple[str, ...], answers: dict[tuple[str, ...], "subprocess.CompletedProcess[str]"]
) -> None:
    answer = answers[words]
    assert answer.stderr.startswith(f"error: {ERRORS[words]}")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""
    assert answer.returncode == 2


def test_help_shows_the_choices_and_the_numbers_before_tensorflow_is_imported(
    answers: dict[tuple[str, ...], "subprocess.CompletedProcess[str]"],
) -> None:
    answer = answers["pipeline.train", "--help"]
    assert (answer.returncode, answer.stderr) == (0, "")
    own = (path.stem for path in (ROOT / "conf" / "hydra" / "launcher").glob("*.yaml"))
    launchers = sorted(["basic", *own])  # which is Hydra's
    for text in (
        "python -m pipeline.train",
        f"hydra/launcher: {', '.join(launchers)}",
        "sweep: aux_weights",
        "experiment: compact, fashion, long, original",
        "soft_label:",
        "real: 0.95",
    ):
        assert text in answer.stdout


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Calls a stage as a command line would, and gives the exit status."""
    return lambda stage, *overrides: call_command(stage, *overrides, *apart(tmp_path))


class Recorded:
    """A stage that keeps what it was called with, and raises an error at the jobs that are named."""

    def __init__(self, error: BaseException | None = None, *, at: tuple[int, ...] = (0,)) -> None:
        self.calls: list[tuple[Settings, Job]] = []
        self.error, self.at = error, at

    def __call__(self, settings: Settings, job: Job) -> None:
        self.calls.append((settings, job))
        if self.error and len(self.calls) - 1 in self.at:
            raise self.error


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("acgan.auxiliary_weight={real:1,genrated:1}", "`acgan.auxiliary_weight.genrated` is not a setting: did you"),
        ("+acgan.stepz=3", "`acgan.stepz` is not a setting: did you mean `acgan.steps`?"),
        ("evaluate.batch_size=many", "`evaluate.batch_size` must be a valid integer. Received: 'many'"),
        ("seed.x=1", "`seed.x` is not a setting"),
        ("hydra.nothing=1", "`hydra.nothing` is not a setting"),
        ("acgan.steps=[1", "`acgan.steps=[1` must be SETTING=VALUE"),
        (
            "acgan.steps=1,2",
            "`acgan.steps=1,2` lists values: add --multirun for a job each, or type 'acgan.steps=[1,2]' ",
        ),
        (
            "+sweep=aux_weights,soft_labels",
            "`+sweep=aux_weights,soft_labels` lists values: add --multirun for a job each",
        ),
        ("acgan.steps=${nothing}", "`acgan.steps` has no value: Interpolation key 'nothing' not found"),
        ("acgan.steps=???", "`acgan.steps` has no value"),
        ("~acgan.steps", "`acgan.steps` is missing"),
        ("sweep=aux_weights", "`sweep` has no choice yet: write +sweep=CHOICE, with the + (aux_weights, "),
        ("+experiment=original", "`experiment` has a choice already: write experiment=CHOICE, without the +"),
        (
            "+hydra/launcher=ray",
            "`hydra/launcher` has a choice already: write hydra/launcher=CHOICE, without the +",
        ),
        ("+sweep=nothing", "`sweep` must be one of conf/sweep (aux_weights, "),
        ("model=", "`model` must be one of conf/model (acgan"),
        ("model=[0]", "a choice must be the name of a file under conf/, as in model=vae"),
        ("model=null", "Config group override must be a string or a list"),
    ],
)
def test_what_is_wrong_with_an_override_is_one_line(
    override: str, text: str, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Recorded()
    assert call(stage, override) == 2
    assert not stage.calls
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"error: {text}")


def test_what_is_for_another_command_is_refused_whatever_else_it_lacks(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(Recorded(), "digits=1") == 2
    assert capsys.readouterr().err == "error: `digits` is for `python -m pipeline.render` alone: leave it out\n"


def test_a_stage_gets_its_settings_and_what_was_typed(call: Call) -> None:
    stage = Recorded()
    typed = ("acgan.steps=600", "acgan.report_every=${acgan.steps}", "acgan.soft_label={real:0.9,trick:0.8}")
    assert call(stage, *typed) == 0
    ((settings, job),) = stage.calls
    assert (settings.model.steps, settings.model.report_every) == (600, 600)
    assert job == Job("pipeline.train", typed, "acgan")


def test_each_job_of_a_sweep_gets_its_own(call: Call) -> None:
    stage = Recorded()
    assert call(stage, "+sweep=soft_labels", "+debug=smoke", "seed=0,1", "acgan.soft_label.real=0.9,1.0") == 0
    seeds = [next(override for override in job.overrides if override.startswith("seed=")) for _, job in stage.calls]
    assert seeds == ["seed=0", "seed=1", "seed=0", "seed=1"]
    labels = [settings.parameters()["acgan.soft_label.real"] for settings, _ in stage.calls]
    assert labels == [0.9, 0.9, 1.0, 1.0]
    assert [settings.seed for settings, _ in stage.calls] == [0, 1, 0, 1]


def test_an_error_that_the_user_can_fix_exits_with_two(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(Recorded(PipelineError("no room on the disk"))) == 2
    assert capsys.readouterr().err == "error: no room on the disk\n"


def test_a_failed_job_does_not_stop_the_others_and_the_sweep_exits_with_one(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Recorded(PipelineError("it diverged"), at=(0, 2))
    assert call(stage, "+sweep=aux_weights") == 1
    assert len(stage.calls) == 4
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["error: job 1: it diverged", "error: job 3: it diverged"]
    assert lines[-1] == "error: a job of the sweep failed"


def test_a_refused_job_does_not_stop_the_others(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    stage = Recorded()
    assert call(stage, "-m", "seed=-1,5") == 1
    assert [settings.seed for settings, _ in stage.calls] == [5]
    assert capsys.readouterr().err.startswith("error: job 1: `seed` must be greater than or equal to 0. Received: -1\n")


@pytest.mark.parametrize("overrides", [(), ("+sweep=aux_weights",)])
def test_an_interrupted_command_exits_with_130_and_starts_no_further_job(
    overrides: tuple[str, ...], call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Recorded(KeyboardInterrupt())
    assert call(stage, *overrides) == 130
    assert len(stage.calls) == 1
    assert capsys.readouterr().err == "error: interrupted\n"


def test_an_error_of_the_code_is_not_shortened(call: Call) -> None:
    with pytest.raises(ValueError, match="a mistake"):
        call(Recorded(ValueError("a mistake")))


def test_a_mistake_in_the_code_that_plans_jobs_is_not_shortened(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> None:
        raise TypeError("a mistake")

    monkeypatch.setattr(hydra, "main", lambda **_: mistaken)
    with pytest.raises(TypeError, match="a mistake"):
        call(Recorded())


@pytest.mark.parametrize(("folder", "error"), [("hydra", TypeError("a mistake")), ("sweeps", OSError("no room"))])
def test_whose_fault_an_error_is_does_not_depend_on_the_name_of_a_folder_above_the_project(
    folder: str, error: Exception, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raised_there = compile("raise error", str(tmp_path / folder / "project" / "file.py"), "exec")
    monkeypatch.setattr(hydra, "main", lambda **_: lambda _job: lambda: exec(raised_there, {"error": error}))
    if isinstance(error, TypeError):
        with pytest.raises(TypeError, match="a mistake"):
            call(Recorded())
    else:
        assert call(Recorded()) == 2


def test_objects_that_a_command_leaves_are_not_searched_for_garbage_at_its_end() -> None:
    program = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 10_000))\n"
    program += "from pipeline.cli import command; command.run('pipeline.train', lambda *_: None)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_command_that_is_terminated_or_left_by_its_terminal_says_so_by_its_status(number: int, status: int) -> None:
    program = "from pipeline.cli import command; import time\n"
    program += "command.run('pipeline.train', lambda *_: (print('ready', flush=True), time.sleep(60)))"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        begun = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=30) == status
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("tracking.offline=true", "`tracking.offline` is for commands by hand: DVC's stages need the tracking store"),
        ("data.path=a.npz", "`data.path` is for commands by hand: DVC's stages read data/NAME.npz, which `data.name`"),
    ],
)
def test_settings_that_dvc_knows_nothing_of_are_refused_in_its_stages(
    override: str, said: str, call: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@acgan")
    stage = Recorded()
    assert call(stage, override) == 2
    assert said in capsys.readouterr().err
    assert stage.calls == []


def test_the_stage_that_dvc_runs_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE", raising=False)
    assert stage_of_dvc() is None
    monkeypatch.setenv("DVC_STAGE", "train@acgan")
    assert stage_of_dvc() == "train@acgan"
