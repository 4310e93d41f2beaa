"""The digest names a training: it follows what decides one, and nothing else."""

from typing import Any

import pytest

from pipeline.settings.composed import Settings, validate
from tests.composing import addresses, blocks, changed

DECISIVE: dict[str, Any] = {
    "seed": 1,
    "label": "smoke",
    "data.validation": 0,
    "data.limit": 300,
    "judge.seed": 1,
    "judge.validation": 9999,
    "judge.images": 9999,
    "judge.report_images": 1999,
    "judge.filters": [32, 64, 127],
    "data.name": "fashion",
    "judge.features": 63,
    "judge.dropout": 0.2,
    "judge.epochs": 3,
    "judge.batch_size": 127,
    "judge.learning_rate": 0.002,
    "judge.shift": 1,
    "compute.xla": True,
    "compute.steps_per_call": 2,
    "compute.kernels": "plain",
    "compute.precision": "mixed_bfloat16",
    "acgan.recipe": "original",
    "acgan.steps": 1498,
    "acgan.report_every": 149,
    "acgan.report_images": 999,
    "acgan.keep_every_report": True,
    "acgan.batch_size": 51,
    "acgan.latent_size": 99,
    "acgan.decay_steps": None,
    "acgan.decay_to": 0.4,
    "acgan.soft_label.real": 0.94,
    "acgan.soft_label.generated": 0.1,
    "acgan.soft_label.trick": 0.94,
    "acgan.auxiliary_weight.real": 1.75,
    "acgan.auxiliary_weight.generated": 0.25,
    "acgan.auxiliary_weight.trick": 0.5,
    "acgan.generator.filters": [384, 192, 95],
    "acgan.generator.embedding_deviation": None,
    "acgan.generator.batch_norm_momentum": 0.99,
    "acgan.generator.learning_rate": 0.0004,
    "acgan.generator.batches": 2,
    "acgan.generator.moving_average": 0.0,
    "acgan.generator.energy_distance": 0.5,
    "acgan.generator.likelihood.weight": 0.5,
    "acgan.generator.likelihood.images": 15,
    "acgan.generator.likelihood.candidates": 1999,
    "acgan.discriminator.filters": [32, 64, 128, 255],
    "acgan.discriminator.dropout": 0.2,
    "acgan.discriminator.dropout_in_generator_update": True,
    "acgan.discriminator.learning_rate": 0.0003,
    "acgan.discriminator.gradient_penalty": 0.2,
    "acgan.discriminator.penalty_every": 2,
    "acgan.adam.beta_1": 0.4,
    "acgan.adam.beta_2": 0.98,
    "acgan.adam.global_clipnorm": None,
}
INDIFFERENT: dict[str, Any] = {
    "start_from": "runs/acgan/a-1",
    "run": "runs/acgan/a-1",
    "compute.jobs": 2,
    "compute.xla_cache": True,
    "data.source": "keras",
    "data.path": "data/other.npz",
    "evaluate.weights": "best",
    "evaluate.classification_accuracy": True,
    "evaluate.batch_size": 499,
    "render.weights": "best",
    "render.rows": 39,
    "render.magnify": 3,
    "render.frame_milliseconds": 499,
    "tracking.experiment": "other",
    "tracking.losses_every": 9,
    "tracking.early_samples": [5],
    "tracking.checkpoint_seconds": 29,
    "tracking.system_metrics": False,
    "tracking.offline": True,
}


@pytest.fixture(scope="module")
def plain() -> Settings:
    return validate(blocks())


@pytest.mark.parametrize("address", DECISIVE)
def test_what_decides_a_training_changes_its_digest(address: str, plain: Settings) -> None:
    assert validate(changed({address: DECISIVE[address]})).digest() != plain.digest()


@pytest.mark.parametrize("address", INDIFFERENT)
def test_what_does_not_decide_a_training_leaves_its_digest(address: str, plain: Settings) -> None:
    other = validate(changed({address: INDIFFERENT[address]}))
    assert other != plain
    assert other.digest() == plain.digest()


def test_every_setting_of_the_acgan_either_decides_a_training_or_does_not() -> None:
    own = (*DECISIVE, *INDIFFERENT)
    blocks_of_own = {address.split(".")[0] for address in own} | {"family"}
    assert {*own, "family"} == {name for name in addresses(blocks()) if name.split(".")[0] in blocks_of_own}


def test_what_auto_means_on_a_machine_decides_its_trainings_as_if_it_had_been_asked_for(plain: Settings) -> None:
    asked = {
        True: {"xla": True, "steps_per_call": 50, "kernels": "plain"},
        False: {"xla": False, "steps_per_call": 1, "kernels": "fast"},
    }
    digests = set()
    for gpu, values in asked.items():
        resolved = plain.resolve(gpu=gpu)
        outright = validate(changed({f"compute.{name}": value for name, value in values.items()}))
        assert resolved.model_dump() == outright.model_dump() == resolved.resolve(gpu=not gpu).model_dump()
        assert resolved.asked.model_dump() == plain.model_dump()
        assert resolved.digest() == outright.digest()
        assert not [value for value in resolved.parameters().values() if value == "auto"]
        digests.add(resolved.digest())
    assert len({*digests, plain.digest()}) == 3


def test_one_and_one_point_nought_are_the_same_number(plain: Settings) -> None:
    whole = validate(changed({"acgan.auxiliary_weight.real": 1}))
    assert whole.digest() == plain.digest()


def test_a_digest_is_sixty_four_hexadecimal_digits(plain: Settings) -> None:
    assert len(plain.digest()) == 64
    assert int(plain.digest(), 16) > 0


def test_parameters_have_the_addresses_of_the_params_file(plain: Settings) -> None:
    decisive = set(DECISIVE) - {"label"}
    assert set(plain.parameters()) == decisive


def test_settings_take_over_what_decided_another_training(plain: Settings) -> None:
    deciding = {"seed": 7, "acgan.steps": 600, "label": "smoke", "data.validation": 0}
    deciding |= {"compute.precision": "mixed_bfloat16", "judge.epochs": 9}
    other = validate(changed({**deciding, "evaluate.batch_size": 10, "data.limit": 500}))
    taken = plain.with_training(other.of_training())
    assert (taken.seed, taken.label, taken.model) == (7, "smoke", other.model)
    assert (taken.data.validation, taken.data.limit) == (0, plain.data.limit)
    assert taken.compute.precision == "mixed_bfloat16"
    assert taken.judge == other.judge
    assert taken.evaluate == plain.evaluate
