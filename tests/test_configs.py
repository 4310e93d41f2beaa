"""Every file under conf/ composes, alone and with the others; every command in its comments can be given."""

import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.settings.acgan import AcganSettings
from pipeline.settings.composed import Settings
from pipeline.settings.convolutional import ConvolutionalSettings
from pipeline.settings.paths import ROOT
from tests.composing import composed, jobs_of, settings_of

CONF = ROOT / "conf"
FILES = sorted(file for file in CONF.glob("*/*.yaml") if file.parent.name != "hydra")
SWEEPS = sorted(CONF.glob("sweep/*.yaml"))
IN_DEFAULTS = ("model", "experiment")
WEIGHTS = [(2.0, 0.0), (1.75, 0.25), (1.5, 0.5), (1.0, 1.0)]
LABELS = [0.7, 0.8, 0.9, 0.95, 1.0]


def choice(file: Path) -> str:
    group = file.parent.name
    return f"{'' if group in IN_DEFAULTS else '+'}{group}={file.stem}"


def commands(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith("# python ")]


def acgan(settings: Settings) -> AcganSettings:
    assert isinstance(settings.model, AcganSettings)
    return settings.model


def named(file: Path) -> str:
    return file.relative_to(CONF).as_posix()


def ends(jobs: list[list[str]]) -> list[list[str]]:
    """The first and the last; composing all of twenty jobs takes seconds."""
    return [jobs[0], jobs[-1]]


def assert_small(settings: Settings) -> None:
    assert settings.label == "smoke"
    assert settings.model.steps <= 10
    assert settings.model.report_every < settings.model.steps
    assert settings.model.report_images <= 100
    assert max(settings.judge.images, settings.judge.report_images) <= 100
    assert settings.data.limit is not None
    assert settings.data.limit <= 500


@pytest.mark.parametrize("file", FILES, ids=named)
def test_every_choice_composes_to_sound_settings(file: Path) -> None:
    for job in jobs_of(choice(file)):
        settings_of(*job)


@pytest.mark.parametrize("file", [file for file in FILES if file.parent.name != "debug"], ids=named)
def test_every_choice_is_small_with_the_smoke_test_in_either_order(file: Path) -> None:
    for order in ((choice(file), "+debug=smoke"), ("+debug=smoke", choice(file))):
        for job in ends(jobs_of(*order)):
            assert_small(settings_of(*job))


@pytest.mark.parametrize("sweep", SWEEPS, ids=named)
def test_every_sweep_runs_with_an_experiment_in_either_order(sweep: Path) -> None:
    first = jobs_of(choice(sweep), "experiment=original", "+debug=smoke")
    second = jobs_of("+debug=smoke", "experiment=original", choice(sweep))
    assert len(first) == len(second)
    for one, other in zip(ends(first), ends(second), strict=True):
        settings = settings_of(*one)
        assert settings == settings_of(*other)
        assert_small(settings)
        assert settings.data.validation == 0


@pytest.mark.parametrize("file", FILES, ids=named)
def test_every_file_opens_with_the_command_that_chooses_it(file: Path) -> None:
    assert choice(file) in shlex.split(commands(file)[0])


@pytest.mark.parametrize("file", [*FILES, CONF / "config.yaml"], ids=named)
def test_every_command_in_a_comment_can_be_given(file: Path) -> None:
    for command in commands(file):
        python, flag, module, *overrides = shlex.split(command)
        assert (python, flag) == ("python", "-m")
        assert find_spec(module) is not None
        for job in ends(jobs_of(*overrides)):
            settings_of(*job)


@pytest.mark.parametrize("sweep", SWEEPS, ids=named)
def test_a_sweep_file_holds_only_what_it_sweeps(sweep: Path) -> None:
    assert sweep.read_text(encoding="utf-8").startswith("# @package _global_\n")
    content: Any = yaml.safe_load(sweep.read_text(encoding="utf-8"))
    assert content.keys() - {"family"} == {"hydra"}
    assert content["hydra"].keys() == {"mode", "sweeper"}
    assert composed(choice(sweep), with_hydra=True).hydra.mode.name == "MULTIRUN"


def weights_and_label(job: list[str]) -> tuple[tuple[float, float], float]:
    model = acgan(settings_of(*job))
    return (model.auxiliary_weight.real, model.auxiliary_weight.generated), model.soft_label.real


def test_auxiliary_weights_are_swept_with_their_sum_kept_at_two() -> None:
    swept = [weights_and_label(job) for job in jobs_of("+sweep=aux_weights")]
    assert swept == [(weights, 0.95) for weights in WEIGHTS]
    assert all(sum(weights) == 2 for weights, _ in swept)


def test_a_swept_pair_of_weights_leaves_that_of_the_generators_update() -> None:
    jobs = [acgan(settings_of(*job)) for job in jobs_of("+sweep=aux_weights", "acgan.auxiliary_weight.trick=0.7")]
    assert [model.auxiliary_weight.trick for model in jobs] == [0.7] * 4


def test_soft_labels_are_swept_up_to_a_hard_one() -> None:
    assert [weights_and_label(job) for job in jobs_of("+sweep=soft_labels")] == [((1.0, 0.0), one) for one in LABELS]


def test_labels_and_weights_are_swept_together() -> None:
    swept = [weights_and_label(job) for job in jobs_of("+sweep=labels_and_weights")]
    assert swept == [(weights, label) for label in LABELS for weights in WEIGHTS]


@pytest.mark.parametrize("sweep", SWEEPS, ids=named)
def test_a_sweep_varies_the_family_that_it_trains(sweep: Path) -> None:
    content: Any = yaml.safe_load(sweep.read_text(encoding="utf-8"))
    family = content.get("family", "acgan")
    assert {address.split(".")[0] for address in content["hydra"]["sweeper"]["params"]} == {family}
    for job in ends(jobs_of(choice(sweep))):
        assert settings_of(*job).family == family


def swept(sweep: str, address: str) -> list[object]:
    return [settings_of(*job).parameters()[address] for job in jobs_of(f"+sweep={sweep}")]


def test_the_halves_are_trained_together_apart_and_in_turn() -> None:
    assert swept("training_modes", "autoencoder.mode") == ["joint", "encoder", "decoder", "alternate"]


def test_codes_are_swept_with_the_filters_kept() -> None:
    assert swept("code_size", "autoencoder.dim") == [8, 16, 32, 64]
    assert swept("code_size", "autoencoder.width") == [128] * 4


def test_the_weight_of_the_divergence_is_swept_around_that_of_the_bound() -> None:
    assert swept("beta", "vae.beta") == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize("family", ["autoencoder", "vae"])
@pytest.mark.parametrize("choices", [(), ("experiment=long",)], ids=["default", "long"])
def test_the_learning_rate_of_a_training_falls_until_its_last_step(family: str, choices: tuple[str, ...]) -> None:
    model = settings_of(f"model={family}", *choices).model
    assert isinstance(model, ConvolutionalSettings)
    assert model.decay_steps == model.steps
    assert model.steps // model.report_every >= 6


def test_the_longer_a_training_the_less_of_the_auxiliary_loss_it_needs() -> None:
    choices = ("experiment=compact",), (), ("experiment=long",)
    compact, default, long = (acgan(settings_of(*choice)) for choice in choices)
    assert compact.steps < default.steps < long.steps
    assert [model.auxiliary_weight.trick for model in (compact, default, long)] == [1.0, 0.4, 0.05]
    assert long.likelihood is not None
    assert long.likelihood.images == 8


@pytest.mark.parametrize("choices", [(), *((f"experiment={name}",) for name in ("original", "long", "compact"))])
def test_a_training_of_the_acgan_has_eight_reports_at_least(choices: tuple[str, ...]) -> None:
    model = acgan(settings_of(*choices))
    assert model.steps // model.report_every >= 8


def test_further_overrides_reach_every_job_of_a_sweep() -> None:
    jobs = [settings_of(*job) for job in jobs_of("+sweep=aux_weights", "acgan.steps=600", "seed=0,1,2")]
    assert [job.seed for job in jobs] == [0, 1, 2] * 4
    assert {job.model.steps for job in jobs} == {600}


def test_the_original_experiment_is_the_published_procedure() -> None:
    settings = settings_of("experiment=original")
    model = acgan(settings)
    assert (settings.data.validation, model.recipe, model.batch_size, model.keep_every_report) == (
        0,
        "original",
        100,
        True,
    )
    assert model.report_every * model.batch_size == 60_000
    assert model.steps == 100 * model.report_every
    assert (model.generator.learning_rate, model.discriminator.learning_rate) == (0.0002, 0.0002)
    assert (model.adam.beta_1, model.adam.beta_2, model.adam.global_clipnorm) == (0.5, 0.999, None)
    assert (model.soft_label.real, model.soft_label.generated, model.soft_label.trick) == (0.95, 0.0, 0.95)
    weight = model.auxiliary_weight
    assert (weight.real, weight.generated, weight.trick) == (2.0, 0.0, 1.0)
    assert (model.generator.embedding_deviation, model.generator.batch_norm_momentum) == (None, 0.99)
    assert model.discriminator.dropout_in_generator_update
    assert (model.discriminator.dropout, model.discriminator.gradient_penalty, model.decay_steps) == (0.3, 0.0, None)
    assert (model.generator.energy_distance, model.likelihood) == (0.0, None)
    assert not model.averaged
    assert model.generator_batches == 2


def test_without_a_choice_the_numbers_are_those_of_the_params_file() -> None:
    content: Any = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    plain = composed()
    assert {name: plain[name] for name in content} == content
