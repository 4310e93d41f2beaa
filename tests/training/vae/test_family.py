"""Tests of the variational autoencoder in training: its bound, its draws, its pictures."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from pipeline.data.dataset import Images, Splits
from pipeline.data.keys import Key, train_key
from pipeline.models.convolutional import before_tanh
from pipeline.settings.composed import Settings
from pipeline.settings.images import DIGITS
from pipeline.settings.vae import VaeSettings
from pipeline.training.family import find_family
from pipeline.training.pictures import Picture, Scatter
from pipeline.training.vae.bound import bound_on, kl_divergences
from pipeline.training.vae.family import FAMILY, VaeTraining
from pipeline.training.vae.sampling import latent_plane
from tests.training.encoder_decoder.coding import coding_settings, coding_training, constant_decoder
from tests.training.tiny import arrays, assert_same_bits

pytestmark = pytest.mark.slow

SETTINGS: Settings[VaeSettings] = coding_settings("vae")
BLOCK = SETTINGS.model
PIXELS = 28 * 28


@pytest.fixture(scope="module")
def training() -> Any:
    return coding_training("vae")


def telling_decoder() -> keras.Model:
    """A real decoder whose sheets hold the two latent numbers, scaled down, in their two halves."""
    latent = keras.Input((2,), name="latent")
    rows = keras.layers.Reshape((2, 1, 1))(latent / 10)
    sheet = keras.layers.UpSampling2D((16, 32))(rows)
    return keras.Model({"latent": latent}, keras.layers.Activation("tanh", name="pixels")(sheet), name="decoder")


def encoder_to(mean: float, log_variance: float) -> keras.Model:
    """A real encoder that places every image alike."""
    image, noise = keras.Input((32, 32, 1), name="image"), keras.Input((2,), name="noise")
    zero = keras.layers.GlobalAveragePooling2D()(image) * 0.0
    placed = [keras.layers.Concatenate()([zero, zero]) + value for value in (mean, log_variance)]
    outputs = {"mean": placed[0], "log_variance": placed[1], "latent": placed[0] + noise}
    return keras.Model({"image": image, "noise": noise}, outputs, name="encoder")


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.5, 0.5), (-0.3, 2.0)])
def test_the_divergence_is_the_integral_that_it_stands_for(mean: float, deviation: float) -> None:
    placed = stats.norm(mean, deviation)
    expected, _ = integrate.quad(lambda z: placed.pdf(z) * (placed.logpdf(z) - stats.norm.logpdf(z)), -20, 20)
    found = kl_divergences(tf.fill((1, 3), mean), tf.fill((1, 3), float(2 * np.log(deviation))))
    assert found.numpy().tolist() == pytest.approx([3 * expected], abs=1e-5)


def test_the_bound_of_a_grey_decoder_is_log_two_a_pixel_and_the_divergence(splits: Splits) -> None:
    halves = encoder_to(1.0, 0.0), before_tanh(constant_decoder("latent", 2, logit=0.0))
    noise = [np.zeros((30, 2), np.float32)]
    found = bound_on(halves, splits.test.images, BLOCK, noise=noise, batch_size=8)
    expected = {"loss": PIXELS * np.log(2) + 1, "reconstruction": PIXELS * np.log(2), "kl_divergence": 1}
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_bound_is_the_mean_over_the_draws_whatever_the_batch(training: Any, splits: Splits) -> None:
    halves = training.halves.models["encoder"], before_tanh(training.halves.models["decoder"])
    draw = np.random.default_rng(0)
    noise = [draw.normal(size=(30, 2)).astype(np.float32) for _ in range(2)]
    images = splits.test.images
    each = [bound_on(halves, images, BLOCK, noise=[one], batch_size=30)["loss"] for one in noise]
    both = bound_on(halves, images, BLOCK, noise=noise, batch_size=7)["loss"]
    assert both == pytest.approx(np.mean(each), rel=1e-5)


def test_the_bound_is_reported_and_beta_times_the_divergence_is_minimised() -> None:
    plain, weighted = coding_training("vae").take_step(0), coding_training("vae", beta=3.0).take_step(0)
    for name in ("loss", "reconstruction", "kl_divergence"):
        assert weighted[Key.parse(f"train/{name}")] == pytest.approx(plain[Key.parse(f"train/{name}")], rel=1e-5)
    assert plain[Key.parse("train/loss")] == pytest.approx(
        plain[Key.parse("train/reconstruction")] + plain[Key.parse("train/kl_divergence")]
    )
    difference = weighted[Key.parse("train/objective")] - plain[Key.parse("train/objective")]
    assert difference == pytest.approx(2 * plain[Key.parse("train/kl_divergence")], rel=1e-3)
    assert plain[Key.parse("train/objective")] > plain[Key.parse("train/loss")]


def test_an_untrained_decoder_costs_about_log_two_a_pixel(training: Any) -> None:
    report = coding_training("vae").report(0, {})
    assert report.values[Key.parse("heldout/reconstruction")] == pytest.approx(PIXELS * np.log(2), rel=0.05)
    assert report.score == (report.values[Key.parse("heldout/loss")],)
    assert {*FAMILY.headline} >= report.values.keys()


def test_nothing_is_selected_where_no_images_are_held_out(splits: Splits) -> None:
    nothing = Images(splits.validation.images[:0], splits.validation.labels[:0])
    assert VaeTraining(SETTINGS, replace(splits, validation=nothing)).report(5, {}).score is None


def test_reports_samples_and_digits_change_nothing_and_say_the_same_again(training: Any) -> None:
    before = arrays(training.variables())
    first, second = ((training.report(2, {}), training.samples(), training.generate(5).images) for _ in range(2))
    assert_same_bits(arrays(training.variables()), before)
    assert first[0] == second[0]
    for one, other in zip(first[1:], second[1:], strict=True):
        np.testing.assert_array_equal(one, other)


def test_digits_come_from_the_prior_and_the_evaluation_has_others(training: Any) -> None:
    assert FAMILY.generate is not None
    made = FAMILY.generate({"decoder": telling_decoder()}, SETTINGS, 2000)
    assert made.digits is None
    assert made.images.shape == (2000, 28, 28, 1)
    latents = 10 * np.arctanh(np.stack([made.images[:, 0, 0, 0], made.images[:, 27, 0, 0]]).astype(np.float64))
    assert stats.kstest(latents.ravel(), stats.norm.cdf).pvalue > 0.01
    assert not np.array_equal(FAMILY.generate(training.parts(), SETTINGS, 5).images, training.generate(5).images)


def test_the_plane_shows_equal_shares_of_the_prior_growing_to_the_right_and_upwards() -> None:
    tiles = latent_plane(telling_decoder(), rows=4, format=DIGITS)
    assert tiles.shape == (4, 4, 28, 28)
    across, upward = (10 * np.arctanh(tiles[..., row, 0].astype(np.float64)) for row in (0, 27))
    places = stats.norm.ppf([0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(across, np.tile(places, (4, 1)), atol=1e-4)
    np.testing.assert_allclose(upward, np.tile(places[::-1, np.newaxis], (1, 4)), atol=1e-4)


def test_two_latent_numbers_are_shown_as_a_plane_and_a_scatter_of_the_test_images(
    training: Any, splits: Splits
) -> None:
    shown = FAMILY.pictures(training.parts(), splits, SETTINGS)
    assert set(shown) == {"digits", "reconstructions", "walk", "plane", "scatter"}
    scatter, plane = shown["scatter"], shown["plane"]
    assert isinstance(scatter, Scatter)
    assert isinstance(plane, Picture)
    assert scatter.points.shape == (30, 2)
    np.testing.assert_array_equal(scatter.digits, splits.test.labels)
    assert plane.blocks[0].shape == (20, 20, 28, 28)


def test_more_latent_numbers_have_no_plane(splits: Splits) -> None:
    training, settings = coding_training("vae", latent_size=3), coding_settings("vae", latent_size=3)
    shown = FAMILY.pictures(training.parts(), splits, settings)
    assert set(shown) == {"digits", "reconstructions", "walk"}
    assert training.samples().shape == (10, 10, 28, 28)


def test_the_evaluation_bounds_the_test_split_in_its_two_terms(training: Any, splits: Splits) -> None:
    values = FAMILY.evaluate(training.parts(), splits, SETTINGS)
    assert set(values) == {Key.parse("test/loss"), Key.parse("test/reconstruction"), Key.parse("test/kl_divergence")}
    assert values[Key.parse("test/loss")] == pytest.approx(
        values[Key.parse("test/reconstruction")] + values[Key.parse("test/kl_divergence")]
    )


def test_the_parts_are_the_halves_and_their_join_by_the_latent(training: Any) -> None:
    parts, examples = training.parts(), FAMILY.example(SETTINGS)
    assert list(parts) == [*examples, "vae"] == ["encoder", "decoder", "vae"]
    given = examples["encoder"]
    expected = parts["decoder"]({"latent": parts["encoder"](given)["latent"]})
    np.testing.assert_array_equal(parts["vae"](given), expected)


def test_the_family_is_found_by_its_name() -> None:
    assert find_family("vae") is FAMILY
    assert FAMILY.spoken_units([train_key("loss")]) == "nats per image"
