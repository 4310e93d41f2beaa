"""The settings of the autoencoder and the variational autoencoder, and their limits."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.settings.composed import known_addresses, validate
from pipeline.settings.convolutional import ConvolutionalSettings
from pipeline.settings.errors import SettingsError
from pipeline.settings.family import family_settings
from tests.composing import blocks
from tests.families import AUTOENCODER, VAE, autoencoder, vae

BOTH = pytest.mark.parametrize("build", [autoencoder, vae])
Build = Callable[..., ConvolutionalSettings]


def refusal(family: str, **changes: Any) -> str:
    values = {"autoencoder": AUTOENCODER, "vae": VAE}[family]
    with pytest.raises(SettingsError) as refused:
        validate({**blocks(), "family": family, family: {**values, **changes}})
    return str(refused.value)


@pytest.mark.parametrize("family", ["autoencoder", "vae"])
def test_both_are_families_whose_settings_compose(family: str) -> None:
    values = {"autoencoder": AUTOENCODER, "vae": VAE}[family]
    settings = validate({**blocks(), "family": family, family: values})
    assert type(settings.model) is family_settings(family)
    assert settings.parameters()[f"{family}.mode"] == "joint"
    assert f"{family}.learning_rate" in known_addresses()


def test_a_size_that_is_not_restored_is_refused_with_sizes_that_would_be() -> None:
    text = refusal("autoencoder", image_size=28)
    assert text.startswith("`autoencoder.image_size` must be a multiple of 32, such as 32, 64, 96 or 128")
    assert "28 → 1 → 32" in text
    assert text.endswith("Received: 28")


@BOTH
@pytest.mark.parametrize("size", [32, 64, 256])
def test_multiples_of_thirty_two_come_back(build: Build, size: int) -> None:
    assert build(image_size=size).image_size == size


@BOTH
@pytest.mark.parametrize("size", [0, -32, 16, 33, 100, 288])
def test_other_sizes_are_refused(build: Build, size: int) -> None:
    with pytest.raises(ValidationError, match="image_size"):
        build(image_size=size)


@BOTH
@pytest.mark.parametrize("mode", ["joint", "encoder", "decoder", "alternate"])
def test_both_halves_may_learn_or_one_or_each_in_turn(build: Build, mode: str) -> None:
    assert build(mode=mode).mode == mode


def test_the_filters_follow_the_code_unless_they_have_a_width_of_their_own() -> None:
    assert autoencoder(dim=64).base_filters == 64
    narrow = autoencoder(dim=10, width=48)
    assert (narrow.base_filters, narrow.code_size) == (48, 10)


@pytest.mark.parametrize(
    ("family", "changes", "blamed"),
    [
        ("autoencoder", {"dim": 40}, "`autoencoder.dim` must, where width is null, be a multiple of 16"),
        ("autoencoder", {"dim": 32, "width": 8}, "`autoencoder.width` must be a multiple of 16"),
        ("vae", {"width": 24}, "`vae.width` must be a multiple of 16"),
    ],
)
def test_a_base_that_leaves_no_whole_sixteenth_is_refused(family: str, changes: dict[str, Any], blamed: str) -> None:
    assert refusal(family, **changes).startswith(blamed)


def test_beta_may_be_nothing() -> None:
    assert vae(beta=0.0).beta == 0
