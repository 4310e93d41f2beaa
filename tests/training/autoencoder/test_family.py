"""Tests of the autoencoder in training: its losses, reports, variables and pictures."""

from typing import Any

import numpy as np
import pytest

from pipeline.data.dataset import Images, Splits
from pipeline.data.keys import Key, train_key
from pipeline.models.convolutional import before_tanh
from pipeline.settings.autoencoder import AutoencoderSettings
from pipeline.settings.composed import Settings
from pipeline.training.autoencoder.family import FAMILY, AutoencoderTraining, encode, errors_on
from pipeline.training.family import find_family
from pipeline.training.pictures import Picture
from tests.training.encoder_decoder.coding import coding_settings, coding_training, constant_decoder
from tests.training.tiny import arrays, assert_same_bits

pytestmark = pytest.mark.slow

SETTINGS: Settings[AutoencoderSettings] = coding_settings("autoencoder")
BLOCK = SETTINGS.model
BLACK_AND_WHITE = np.stack([np.full((28, 28), level, np.uint8) for level in (0, 0, 0, 255)])


@pytest.fixture(scope="module")
def training() -> Any:
    return coding_training("autoencoder")


def test_a_grey_that_is_always_the_same_has_known_errors(training: Any) -> None:
    decoder = constant_decoder("code", BLOCK.dim, logit=0.0)
    halves = training.halves.models["encoder"], before_tanh(decoder)
    errors = errors_on(halves, BLACK_AND_WHITE, BLOCK, batch_size=3)
    assert errors == {"mse": pytest.approx(0.25), "bce": pytest.approx(np.log(2))}


def test_errors_are_means_over_images_whatever_the_batch(training: Any, splits: Splits) -> None:
    halves = training.halves.models["encoder"], before_tanh(training.halves.models["decoder"])
    one, other = (errors_on(halves, splits.test.images, BLOCK, batch_size=size) for size in (7, 30))
    assert one == pytest.approx(other, rel=1e-5)
    parts = FAMILY.pictures(training.parts(), splits, SETTINGS)
    assert set(parts) == {"reconstructions", "walk"}


def test_a_step_tells_both_errors_of_the_digit_and_what_is_minimised_of_the_sheet(training: Any) -> None:
    losses = training.take_step(0)
    assert set(losses) == {Key.parse("train/mse"), Key.parse("train/bce"), Key.parse("train/objective")}
    assert 0 < losses[Key.parse("train/mse")] < 1


def test_training_brings_the_error_of_a_few_images_down(splits: Splits) -> None:
    bars = np.zeros((4, 28, 28), np.uint8)
    for number, image in enumerate(bars):
        image[6 * number : 6 * number + 6] = 255
    few = Images(bars, np.arange(4, dtype=np.uint8))
    training = AutoencoderTraining(
        coding_settings("autoencoder", learning_rate=0.01), Splits(few, splits.validation, splits.test)
    )
    losses = [training.take_step(step)[Key.parse("train/mse")] for step in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_a_report_scores_held_out_images_and_the_least_squared_error_is_best(training: Any, splits: Splits) -> None:
    report = training.report(5, {})
    halves = training.halves.models["encoder"], before_tanh(training.halves.models["decoder"])
    scored = errors_on(halves, splits.validation.images, BLOCK, batch_size=250)
    assert report.values == pytest.approx(
        {Key.parse(f"heldout/{name}"): value for name, value in scored.items()}, rel=1e-6
    )
    assert report.score == (report.values[Key.parse("heldout/mse")],)
    assert set(FAMILY.headline) == set(report.values)


def test_nothing_is_selected_where_no_images_are_held_out(splits: Splits) -> None:
    nothing = Images(splits.validation.images[:0], splits.validation.labels[:0])
    training = AutoencoderTraining(SETTINGS, Splits(splits.train, nothing, splits.test))
    assert training.report(5, {}).score is None


def test_reports_and_samples_change_nothing_and_say_the_same_again(training: Any) -> None:
    before = arrays(training.variables())
    first, second = ((training.report(2, {}), training.samples()) for _ in range(2))
    assert_same_bits(arrays(training.variables()), before)
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])
    assert first[1].shape == (4, 10, 28, 28)


def test_the_parts_are_the_halves_and_their_join(training: Any) -> None:
    parts = training.parts()
    assert list(parts) == ["encoder", "decoder", "autoencoder"]
    examples = FAMILY.example(SETTINGS)
    assert list(examples) == ["encoder", "decoder"]
    image = examples["encoder"]
    np.testing.assert_array_equal(parts["autoencoder"](image), parts["decoder"]({"code": parts["encoder"](image)}))


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_in_three_channels_is_trained_and_scored_likewise(channels: int) -> None:
    training = coding_training("autoencoder", channels=channels)
    losses = training.take_step(0)
    report = training.report(1, {})
    assert losses[Key.parse("train/mse")] < 1
    assert report.values[Key.parse("heldout/mse")] == pytest.approx(1 / 12, abs=0.02)
    assert training.samples().shape == (4, 10, 28, 28)


def test_codes_are_as_many_numbers_as_were_asked_for(training: Any, splits: Splits) -> None:
    codes = encode(training.parts(), splits.test.images, SETTINGS)
    assert codes.shape == (30, BLOCK.dim)
    one = encode(training.parts(), splits.test.images[:1], SETTINGS)
    np.testing.assert_allclose(codes[:1], one, rtol=1e-4, atol=1e-6)


def test_reconstructions_stand_beneath_their_originals_one_class_a_column(training: Any, splits: Splits) -> None:
    picture = FAMILY.pictures(training.parts(), splits, SETTINGS)["reconstructions"]
    assert isinstance(picture, Picture)
    (tiles,) = picture.blocks
    assert tiles.shape == (6, 10, 28, 28)
    test = splits.test.images.astype("float32") / 127.5 - 1
    for digit in range(10):
        np.testing.assert_allclose(tiles[0::2, digit], test[splits.test.labels == digit], atol=1e-6)
    sheet = training.parts()["autoencoder"].predict(
        {"image": np.pad(test, ((0, 0), (2, 2), (2, 2)), constant_values=-1)[..., None]}, verbose=0
    )
    np.testing.assert_allclose(tiles[1, 3], sheet[3, 2:30, 2:30, 0], atol=1e-5)


def test_a_walk_begins_and_ends_at_reconstructions_beside_their_images(training: Any, splits: Splits) -> None:
    shown = FAMILY.pictures(training.parts(), splits, SETTINGS)
    walk, reconstructions = shown["walk"], shown["reconstructions"]
    assert isinstance(walk, Picture)
    assert isinstance(reconstructions, Picture)
    (tiles,), (beneath,) = walk.blocks, reconstructions.blocks
    assert tiles.shape == (10, 12, 28, 28)
    np.testing.assert_array_equal(tiles[:, 0], beneath[0])
    np.testing.assert_array_equal(tiles[:, 11], np.roll(beneath[0], -1, axis=0))
    np.testing.assert_allclose(tiles[:, 1], beneath[1], atol=1e-5)
    np.testing.assert_allclose(tiles[:, 10], np.roll(beneath[1], -1, axis=0), atol=1e-5)


def test_the_evaluation_scores_the_test_split_by_the_errors_that_baselines_have_too(
    training: Any, splits: Splits
) -> None:
    values = FAMILY.evaluate(training.parts(), splits, SETTINGS)
    assert set(values) == {Key.parse("test/trained/mse"), Key.parse("test/trained/bce")}


def test_the_family_is_found_by_its_name_and_says_its_units() -> None:
    assert find_family("autoencoder") is FAMILY
    assert (
        FAMILY.spoken_units([train_key("loss"), train_key("bce")]) == "squared error per pixel, bce in nats per pixel"
    )
    assert FAMILY.spoken_units([train_key("loss")]) == "squared error per pixel"
