"""Names that carry what varies, and commands that repeat a job."""

import shlex
from pathlib import Path

import pytest
import yaml

from pipeline.runs import changes
from pipeline.runs.description import describe_stage, describe_sweep, describe_training, name_run
from pipeline.settings.job import Job
from pipeline.settings.paths import ROOT
from pipeline.sweeps.jobs import find_varied
from tests.composing import jobs_of, settings_of
from tests.places import place

DIGESTS = {"settings": "a1", "data": "b2", "code": "c3"}


def named(*overrides: str) -> str:
    return name_run(settings_of(*overrides), Job("pipeline.train", overrides))


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ((), "acgan seed=0"),
        (("seed=3",), "acgan seed=3"),
        (("+debug=smoke",), "acgan seed=0 smoke"),
        (("model=acgan", "tracking.experiment=mine"), "acgan seed=0"),
        (("experiment=original", "acgan.steps=600"), "acgan experiment=original steps=600 seed=0"),
        (("acgan.soft_label.real=0.9",), "acgan soft_label.real=0.9 seed=0"),
        (("acgan.auxiliary_weight={real:1.75,generated:0.25}",), "acgan real=1.75 generated=0.25 seed=0"),
        (("++acgan.steps=600",), "acgan steps=600 seed=0"),
        (("~experiment",), "acgan ~experiment seed=0"),
        (("data.validation=0", "run=runs/acgan/a-1"), "acgan data.validation=0 seed=0"),
    ],
)
def test_a_runs_name_carries_what_varies(overrides: tuple[str, ...], name: str) -> None:
    assert named(*overrides) == name


def test_in_a_stage_of_dvc_a_run_is_named_by_the_numbers_that_are_not_the_committed_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    steps, numbers["acgan"]["steps"] = numbers["acgan"]["steps"], 7
    monkeypatch.setattr(changes, "committed_file", lambda *_: yaml.safe_dump(numbers))
    monkeypatch.setenv("DVC_STAGE", "train@acgan")
    # What `auto` means on this machine is no change that a user made.
    settings, job = settings_of().resolve(gpu=True), Job("pipeline.train", ("model=acgan",))
    assert name_run(settings, job) == f"acgan steps={steps} seed=0"
    note = describe_training(settings, job, digests=DIGESTS).note
    assert f"```\ndvc exp run -S acgan.steps={steps}\n```" in note


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (("++seed=3",), "acgan seed=3"),
        (("++label=mine",), "acgan seed=0 mine"),
        (("label=mine",), "acgan seed=0 mine"),
        (("++tracking.losses_every=5",), "acgan seed=0"),
        (("acgan.auxiliary_weight={generated:0.25,real:1.75}",), "acgan real=1.75 generated=0.25 seed=0"),
        (("acgan.auxiliary_weight={ real: 1.75, generated: 0.25 }",), "acgan real=1.75 generated=0.25 seed=0"),
    ],
)
def test_one_choice_in_two_spellings_has_one_name(typed: tuple[str, ...], name: str) -> None:
    assert named(*typed) == name


def test_the_jobs_of_a_sweep_are_named_by_what_varies() -> None:
    names = [named(*job) for job in jobs_of("+sweep=aux_weights", "+debug=smoke")]
    assert names == [f"acgan real={real} generated={2 - real} seed=0 smoke" for real in (2.0, 1.75, 1.5, 1.0)]


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("acgan.steps=600", "seed=3", "experiment=original", "+debug=smoke"),
        ("acgan.auxiliary_weight={real:1.75,generated:0.25}",),
        ("acgan.generator.filters=[8,8,8]", "acgan.generator.embedding_deviation=null"),
        ("data.source='folder:my own digits'", "tracking.experiment='a b'"),
        ("tracking.experiment='it\\'s \"mine\" $HOME'",),
        ("acgan.report_every=${acgan.steps}",),
        ("~experiment",),
    ],
)
def test_a_jobs_command_repeats_it(overrides: tuple[str, ...]) -> None:
    python, flag, module, *again = shlex.split(Job("pipeline.train", overrides).command)
    assert (python, flag, module) == ("python", "-m", "pipeline.train")
    assert tuple(again) == overrides
    assert settings_of(*again) == settings_of(*overrides)


@pytest.mark.parametrize("sweep", sorted(file.stem for file in (ROOT / "conf" / "sweep").glob("*.yaml")))
def test_the_command_of_a_sweeps_job_repeats_it_alone_without_the_sweep(sweep: str) -> None:
    jobs = jobs_of(f"+sweep={sweep}", "+debug=smoke", "seed=1,2")
    for overrides in (jobs[1], jobs[-1]):
        family = settings_of(*overrides).family
        _, _, _, *again = shlex.split(Job("pipeline.train", tuple(overrides), family, sweep=place()).command)
        assert settings_of(*again) == settings_of(*overrides)
        assert jobs_of(*again) == [again]


def test_a_trainings_description_has_its_settings_and_the_command_that_repeats_it() -> None:
    job = Job(
        "pipeline.train",
        ("acgan.steps=600", "acgan.auxiliary_weight={real:1,generated:1}", "seed=4"),
        sweep=place(run="f" * 32),
    )
    description = describe_training(settings_of(*job.overrides), job, digests=DIGESTS)
    assert (description.parent_run_id, description.tags["sweep.job"]) == ("f" * 32, "0123")
    assert description.parameters == settings_of(*job.overrides).parameters()
    assert description.tags["kind"] == "training"
    assert (description.tags["family"], description.tags["seed"]) == ("acgan", "4")
    assert [description.tags[f"{name}.digest"] for name in DIGESTS] == list(DIGESTS.values())
    assert {"git.commit", "git.dirty"} <= description.tags.keys()
    assert "600 steps of 50 images, seed 4" in description.note
    assert f"```\n{job.command}\n```" in description.note


def test_a_smoke_test_is_labelled_wherever_it_is_described() -> None:
    settings, job = settings_of("+debug=smoke"), Job("pipeline.train", ("+debug=smoke",))
    metadata = {"run_id": "f" * 32, "name": "acgan seed=0 smoke"}
    training = describe_training(settings, job, digests=DIGESTS)
    evaluation = describe_stage("evaluate", settings, job, models=Path("models/acgan"), training=metadata)
    sweep = describe_sweep(["+sweep=aux_weights", "+debug=smoke"], family="acgan", label="smoke")
    for description in (training, evaluation, sweep):
        assert description.name.endswith(" smoke")
        assert description.tags["label"] == "smoke"
    assert training.note.startswith("**smoke: not a real result.**")


def test_an_evaluation_is_a_child_of_the_training_run_and_logs_its_own_settings() -> None:
    metadata = {"run_id": "f" * 32, "name": "acgan seed=0"}
    job = Job("pipeline.evaluate", ("evaluate.batch_size=10",))
    description = describe_stage(
        "evaluate", settings_of(*job.overrides), job, models=Path("models/acgan"), training=metadata
    )
    assert (description.name, description.parent_run_id) == ("evaluate acgan seed=0", "f" * 32)
    assert description.parameters == {
        "evaluate": {"weights": "last", "batch_size": 10, "classification_accuracy": False}
    }
    assert "models/acgan" in description.note


def test_a_job_of_a_sweep_is_named_by_what_varies_and_not_by_what_all_jobs_have() -> None:
    words = ("acgan.steps=600", "acgan.report_every=60", "acgan.auxiliary_weight.trick=0.4", "seed=1")
    jobs = [words, (*words[:2], "acgan.auxiliary_weight.trick=0.5", "seed=1"), (*words[:3], "seed=2")]
    varied = find_varied(jobs)
    assert varied == ("acgan.auxiliary_weight.trick", "seed")
    job = Job("pipeline.train", words, "acgan", place(varied=varied))
    assert name_run(settings_of(*words), job) == "acgan auxiliary_weight.trick=0.4 seed=1"


def test_a_sweeps_description_has_the_command_of_the_whole() -> None:
    overrides = ["+sweep=aux_weights", "acgan.steps=600", "seed=0,1,2", "acgan.soft_label={real: 0.9}"]
    description = describe_sweep(overrides, family="acgan", label=None)
    assert description.name.startswith("sweep acgan aux_weights acgan.steps=600 seed=0,1,2")
    assert command_in(description.note) == ["python", "-m", "pipeline.train", *overrides]


def test_a_sweeps_name_has_neither_its_family_twice_nor_how_it_runs() -> None:
    overrides = [
        "model=vae",
        "+sweep=beta",
        "compute.jobs=2",
        "hydra/launcher=ray",
        "tracking.losses_every=5",
        "label=mine",
        "seed=0,1,2",
    ]
    assert describe_sweep(overrides, family="vae", label="mine").name == "sweep vae beta seed=0,1,2 mine"


def test_the_command_of_a_sweep_without_a_file_has_the_option_multirun() -> None:
    description = describe_sweep(["seed=0,1"], family="acgan", label=None)
    assert command_in(description.note) == ["python", "-m", "pipeline.train", "--multirun", "seed=0,1"]


def command_in(description: str) -> list[str]:
    return shlex.split(next(line for line in description.splitlines() if line.startswith("python")))
