"""Tests of the AC-GAN in training: its draws, reports, variables and pictures."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from pipeline.data.dataset import Images, Splits
from pipeline.data.keys import Key
from pipeline.evaluation.measures import ACCURACY, COVERAGE, FRECHET
from pipeline.kernels.accelerate import FastLayer
from pipeline.settings.compute import Auto, Kernels
from pipeline.settings.paths import ROOT
from pipeline.training.acgan import family as acgan
from pipeline.training.acgan.family import FAMILY
from pipeline.training.acgan.heldout import losses_on
from pipeline.training.acgan.sampling import Stream, sample_tiles
from pipeline.training.acgan.training import AcganTraining
from pipeline.training.devices import choose_kernels
from pipeline.training.family import Parts, Training, Values, find_family
from pipeline.training.pictures import Picture
from tests.training.conftest import Trainings
from tests.training.tiny import arrays, assert_same_bits, small_settings, small_training

pytestmark = pytest.mark.slow

HEALTHY = {Key.parse("train/generator/auxiliary_loss"): 1.0, Key.parse("train/discriminator/generation_loss"): 0.7}
LOSSES = [
    f"{component}/{name}"
    for component in ("generator", "discriminator")
    for name in ("loss", "generation_loss", "auxiliary_loss")
]
RECIPES = pytest.mark.parametrize("recipe", ["original", "shared"])


def _take(training: Training, steps: int, first: int = 0) -> list[Values]:
    return [training.take_step(step) for step in range(first, first + steps)]


@RECIPES
def test_the_same_seed_gives_the_same_weights_to_the_last_bit(trainings: Trainings, recipe: str) -> None:
    one, other = trainings(recipe=recipe), small_training(recipe=recipe)
    assert _take(one, 4) == _take(other, 4)
    assert_same_bits(arrays(one.variables()), arrays(other.variables()))


def test_another_seed_gives_other_weights_images_and_latents() -> None:
    one, other = (small_training(seed).networks for seed in (0, 1))
    for model, rival in ((one.generator, other.generator), (one.discriminator, other.discriminator)):
        pairs = list(zip(model.trainable_weights, rival.trainable_weights, strict=True))
        drawn = [(mine, yours) for mine, yours in pairs if np.any(mine)]
        assert drawn
        assert not any(np.array_equal(mine, yours) for mine, yours in drawn if "gamma" not in mine.path)


def test_a_step_is_a_function_of_the_state_and_its_number(trainings: Trainings) -> None:
    losses = [trainings().take_step(step) for step in (3, 4, 3)]
    assert losses[0] == losses[2]
    assert losses[0] != losses[1]


@pytest.mark.long
@RECIPES
def test_two_processes_train_full_networks_to_the_same_bits(recipe: str) -> None:
    """Each in an environment with another hash seed, on networks of the sizes that params.yaml has."""
    script = (
        "import pipeline.models, hashlib\n"
        "from tests.training.tiny import arrays, small_training\n"
        "training = small_training(5, latent_size=100, batch_size=50, generator={'filters': [384, 192, 96]},\n"
        f"                          discriminator={{'filters': [32, 64, 128, 256]}}, recipe={recipe!r})\n"
        "losses = [training.take_step(step) for step in range(3)]\n"
        "digest = hashlib.sha256()\n"
        "for name, array in arrays(training.variables()).items(): digest.update(name.encode() + array.tobytes())\n"
        "import sys; sys.stdout.write(digest.hexdigest() + repr(losses))\n"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in (1, 2)
    ]
    assert printed[0] == printed[1]
    assert len(printed[0]) > 64


@pytest.mark.long
def test_steps_between_two_penalties_leave_nothing_behind() -> None:
    """At these sizes TensorFlow once left a temporary variable in each step without one, and the next step failed."""
    likelihood = {"weight": 1.0, "images": 16, "candidates": 2000}
    generator = {"filters": [384, 192, 96], "energy_distance": 1.0, "likelihood": likelihood}
    penalty = {"gradient_penalty": 0.05, "penalty_every": 4, "dropout": 0.0}
    discriminator = {"filters": [32, 64, 128, 256], **penalty}
    training = small_training(latent_size=100, batch_size=100, generator=generator, discriminator=discriminator)
    assert all(np.isfinite(value) for step in _take(training, 6) for value in step.values())


def test_losses_of_a_step_are_three_numbers_a_network(trainings: Trainings) -> None:
    losses = trainings().take_step(0)
    assert set(losses) == {Key.parse(f"train/{name}") for name in LOSSES}
    for component in ("generator", "discriminator"):
        parts = (
            losses[Key.parse(f"train/{component}/generation_loss")]
            + losses[Key.parse(f"train/{component}/auxiliary_loss")]
        )
        assert losses[Key.parse(f"train/{component}/loss")] == pytest.approx(parts, rel=1e-6)


def test_an_untrained_pair_can_neither_tell_classes_nor_real_from_generated(trainings: Trainings) -> None:
    losses = trainings(auxiliary_weight={"trick": 1.0}).take_step(0)
    assert losses[Key.parse("train/generator/auxiliary_loss")] == pytest.approx(np.log(10), abs=0.4)
    assert losses[Key.parse("train/discriminator/generation_loss")] == pytest.approx(np.log(2), abs=0.2)


def test_an_epoch_is_one_sight_of_every_training_image(trainings: Trainings, splits: Splits) -> None:
    training = trainings()
    assert (training.images_per_step, training.images_per_epoch) == (4, len(splits.train)) == (4, 40)


def test_the_state_holds_every_variable_that_two_steps_change(trainings: Trainings) -> None:
    training = trainings()
    kept = {id(variable) for variable in training.variables().values()}
    networks = training.networks
    for holder in (networks.generator, networks.discriminator, networks.averaged):
        assert {id(variable) for variable in holder.variables} <= kept
    before = arrays(training.variables())
    _take(training, 2)
    unchanged = [name for name, array in arrays(training.variables()).items() if np.array_equal(array, before[name])]
    assert not unchanged


def test_the_state_holds_dropouts_generators(trainings: Trainings) -> None:
    paths = [variable.path for variable in trainings().variables().values()]
    assert sum("seed_generator_state" in path for path in paths) == 4


def test_the_parts_are_the_average_the_discriminator_and_their_join(trainings: Trainings) -> None:
    training = trainings()
    parts = training.parts()
    assert list(parts) == ["generator", "discriminator", "combined"]
    assert parts["generator"] is training.networks.averaged is not training.networks.generator
    pairs = FAMILY.example(small_settings())["generator"]
    outputs = parts["combined"](pairs)
    expected = parts["discriminator"]({"image": parts["generator"](pairs)})
    for name in ("generation", "auxiliary"):
        np.testing.assert_array_equal(outputs[name], expected[name])


def test_a_report_scores_both_networks_on_held_out_images_under_both_schemes(
    trainings: Trainings, splits: Splits
) -> None:
    training = trainings()
    report = training.report(5, HEALTHY)
    assert report.values.keys() == {
        Key.parse(f"heldout/{scheme}/{name}") for scheme in ("hard", "matched") for name in LOSSES
    }
    scored = losses_on(
        training.parts(), splits.validation, training.settings, seed=0, stream=Stream.REPORT_LOSSES, batch_size=250
    )
    assert report.values == pytest.approx({key.on("heldout"): value for key, value in scored.items()}, rel=1e-5)
    assert (report.step, report.warnings) == (5, ())
    assert report.score is None


def test_without_held_out_images_test_images_are_scored_and_none_is_best(splits: Splits) -> None:
    nothing = Images(splits.validation.images[:0], splits.validation.labels[:0])
    training = AcganTraining(small_settings(), Splits(splits.train, nothing, splits.test))
    report = training.report(5, HEALTHY)
    first = Images(splits.test.images[:20], splits.test.labels[:20])
    scored = losses_on(training.parts(), first, training.settings, seed=0, stream=Stream.REPORT_LOSSES, batch_size=250)
    assert report.values == pytest.approx({key.on("heldout"): value for key, value in scored.items()}, rel=1e-5)
    assert report.score is None


def test_reports_and_samples_change_nothing_and_say_the_same_again(trainings: Trainings) -> None:
    training = trainings()
    _take(training, 2)
    before = arrays(training.variables())
    first, second = ((training.report(2, HEALTHY), training.samples()) for _ in range(2))
    assert_same_bits(arrays(training.variables()), before)
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])


def test_a_report_warns_of_a_collapse(trainings: Trainings) -> None:
    recent = {Key.parse("train/generator/auxiliary_loss"): 2.3, Key.parse("train/discriminator/generation_loss"): 0.1}
    assert "collapsed" in trainings().report(5, recent).warnings[0]


def test_a_report_scores_no_more_images_than_it_is_set_to(splits: Splits) -> None:
    training = small_training(report_images=10)
    first_ten = Images(splits.validation.images[:10], splits.validation.labels[:10])
    scored = losses_on(
        training.parts(), first_ten, training.settings, seed=0, stream=Stream.REPORT_LOSSES, batch_size=250
    )
    expected = {key.on("heldout"): value for key, value in scored.items()}
    assert training.report(5, HEALTHY).values == pytest.approx(expected, rel=1e-5)


def _copying_generator(latent_size: int = 6) -> keras.Model:
    """A real model whose images hold the first of the latent's numbers and a tenth of the digit, over and over."""
    latent, digit = keras.Input((latent_size,), name="latent"), keras.Input((1,), dtype="int32", name="digit")
    values = layers.Concatenate()([latent[:, :1], keras.ops.cast(digit, "float32") / 10.0])
    return keras.Model(
        {"latent": latent, "digit": digit}, layers.Reshape((28, 28, 1))(keras.ops.tile(values, (1, 392)))
    )


def test_samples_share_one_latent_a_row_and_show_one_class_a_column(trainings: Trainings) -> None:
    tiles = sample_tiles(_copying_generator(), trainings().settings, seed=3, rows=4, classes=10)
    assert tiles.shape == (4, 10, 28, 28)
    latents, digits = tiles[..., 0, 0], tiles[..., 0, 1]
    np.testing.assert_allclose(digits, np.tile(np.arange(10) / 10, (4, 1)), rtol=1e-6)
    assert all(len(set(row)) == 1 for row in latents)
    assert len(set(latents[:, 0])) == 4
    assert np.abs(latents).max() <= 1


def test_samples_are_the_same_latents_however_many_rows(trainings: Trainings) -> None:
    settings = trainings().settings
    few, many = (sample_tiles(_copying_generator(), settings, seed=3, rows=rows, classes=10) for rows in (2, 5))
    np.testing.assert_array_equal(few, many[:2])
    assert not np.array_equal(few, sample_tiles(_copying_generator(), settings, seed=4, rows=2, classes=10))


def test_samples_of_a_training_are_ten_rows_of_the_generator_in_use(trainings: Trainings) -> None:
    training = trainings()
    samples = training.samples()
    assert samples.shape == (10, 10, 28, 28)
    plain = sample_tiles(training.networks.averaged, training.settings, seed=0, rows=10, classes=10)
    np.testing.assert_allclose(samples, plain, rtol=1e-5, atol=1e-6)


def test_reports_share_their_digits_and_the_evaluation_has_others(
    trainings: Trainings,
) -> None:
    training, settings = trainings(), small_settings()
    first, again = training.generate(30), training.generate(30)
    assert first.images.shape == (30, 28, 28, 1)
    assert first.images.dtype == np.float32
    assert first.asked.shape == (30,)
    np.testing.assert_array_equal(first.images, again.images)
    assert FAMILY.generate is not None
    evaluated = FAMILY.generate(training.parts(), settings, 30)
    assert not np.array_equal(evaluated.asked, first.asked)
    assert not np.array_equal(evaluated.images[0], first.images[0])


def test_generated_digits_show_the_class_that_they_are_said_to_be_of(trainings: Trainings) -> None:
    training = trainings()
    generate = FAMILY.generate
    assert generate is not None
    made = generate({"generator": _copying_generator()}, small_settings(), 600)
    np.testing.assert_allclose(made.images[:, 0, 1, 0], made.asked / 10, rtol=1e-6)
    assert set(made.asked.tolist()) == set(range(10))
    assert training.generate(3).images.min() >= -1


def test_measuring_changes_nothing_of_a_training(trainings: Trainings) -> None:
    training = trainings()
    _take(training, 1)
    before = arrays(training.variables())
    training.generate(20)
    assert_same_bits(arrays(training.variables()), before)


def test_the_evaluation_scores_the_test_split_on_draws_of_its_own(trainings: Trainings, splits: Splits) -> None:
    training, settings = trainings(), small_settings()
    values = FAMILY.evaluate(training.parts(), splits, settings)
    assert values.keys() == {Key.parse(f"test/{scheme}/{name}") for scheme in ("hard", "matched") for name in LOSSES}
    scored = losses_on(
        training.parts(), splits.test, training.settings, seed=0, stream=Stream.REPORT_LOSSES, batch_size=500
    )
    assert values[Key.parse("test/hard/generator/loss")] != scored[Key.parse("hard/generator/loss")]
    assert values[Key.parse("test/hard/generator/loss")] == pytest.approx(
        scored[Key.parse("hard/generator/loss")], rel=0.1
    )


@pytest.mark.parametrize("kernels", ["fast", "plain", "auto"])
def test_the_evaluation_computes_by_the_kernels_of_the_settings(
    kernels: Kernels | Auto, trainings: Trainings, splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, settings = trainings().parts(), small_settings()
    settings = settings.model_copy(update={"compute": settings.compute.model_copy(update={"kernels": kernels})})
    used: list[keras.Model] = []

    def score(models: Parts, *_: object, **__: object) -> Values:
        used.extend(models.values())
        return {}

    monkeypatch.setattr(acgan, "losses_on", score)
    monkeypatch.setattr(acgan, "generate_digits", lambda generator, *_, **__: used.append(generator))
    FAMILY.evaluate(parts, splits, settings)
    assert FAMILY.generate
    FAMILY.generate(parts, settings, 10)
    fast = [any(isinstance(layer, FastLayer) for layer in model.layers) for model in used]
    assert fast == [choose_kernels(kernels) == "fast"] * 3


def test_the_picture_has_as_many_generated_rows_as_real_ones(trainings: Trainings, splits: Splits) -> None:
    picture = FAMILY.pictures(trainings().parts(), splits, small_settings())["digits"]
    assert isinstance(picture, Picture)
    generated, real = picture.blocks
    assert generated.shape == real.shape == (3, 10, 28, 28)
    test = splits.test.images.astype("float32") / 127.5 - 1
    for digit in range(10):
        np.testing.assert_allclose(real[:, digit], test[splits.test.labels == digit], atol=1e-6)


def test_the_examples_fit_the_halves_that_they_are_examples_of(trainings: Trainings) -> None:
    examples = FAMILY.example(small_settings())
    parts = trainings().parts()
    assert list(examples) == list(parts)[:-1]
    images = parts["generator"](examples["generator"])
    assert images.shape == examples["discriminator"]["image"].shape == (2, 28, 28, 1)


def test_the_family_is_found_by_its_name() -> None:
    assert find_family("acgan") is FAMILY


def test_headlines_are_what_an_independent_judge_says_at_a_report() -> None:
    assert set(FAMILY.headline) == {key.on("heldout") for key in (ACCURACY, FRECHET, COVERAGE)}
