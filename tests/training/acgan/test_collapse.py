"""Tests of the warning of a collapse, on the numbers that are known of it."""

from math import log
from typing import Any

import pytest

from pipeline.data.keys import Key
from pipeline.training.acgan.collapse import describe_collapse, entropy
from tests.training.tiny import small_settings


def _described(auxiliary: float, generation: float, **acgan: Any) -> tuple[str, ...]:
    recent = {
        Key.parse("train/generator/auxiliary_loss"): auxiliary,
        Key.parse("train/discriminator/generation_loss"): generation,
    }
    return describe_collapse(recent, small_settings(**acgan).model, classes=10)


WHOLE: dict[str, Any] = {"auxiliary_weight": {"trick": 1.0}}
HARD: dict[str, Any] = {"soft_label": {"real": 1.0, "generated": 0.0, "trick": 1.0}, **WHOLE}


def test_the_label_0_95_has_an_entropy_of_0_1985_nats_and_a_hard_one_none() -> None:
    assert entropy(0.95) == pytest.approx(0.1985, abs=5e-5)
    assert entropy(0.5) == pytest.approx(log(2))
    assert entropy(0.0) == entropy(1.0) == 0


@pytest.mark.parametrize(("auxiliary", "generation"), [(2.2, 0.0), (2.303, 0.001), (2.4, 0.02)])
def test_hard_labels_that_collapse_to_black_are_noticed(auxiliary: float, generation: float) -> None:
    (warning,) = _described(auxiliary, generation, **HARD)
    assert "the generator has collapsed" in warning
    assert f"auxiliary loss is {auxiliary:.2f}" in warning
    assert "\n" not in warning


def test_a_collapse_under_soft_labels_is_noticed_at_their_minimum() -> None:
    (warning,) = _described(2.29, 0.105, **WHOLE)
    assert "its minimum is 0.099" in warning


@pytest.mark.parametrize(
    ("auxiliary", "generation", "what"),
    [
        (2.303, 0.693, "at the beginning neither network knows anything"),
        (2.19, 0.0, "the generator begins to tell classes"),
        (0.02, 0.05, "a sure discriminator before a generator of clear classes"),
        (2.303, 0.4, "a discriminator that still errs"),
    ],
)
def test_there_is_silence_otherwise(auxiliary: float, generation: float, what: str) -> None:
    assert _described(auxiliary, generation, **HARD) == (), what


def test_under_soft_labels_a_healthy_generation_loss_is_no_collapse() -> None:
    assert _described(2.25, 0.45, **WHOLE) == ()
    assert _described(0.3, 0.2, **WHOLE) == ()


def test_a_light_auxiliary_loss_hides_no_collapse() -> None:
    light = {**HARD, "auxiliary_weight": {"trick": 0.25}}
    (warning,) = _described(0.25 * 2.29, 0.001, **light)
    assert "auxiliary loss is 2.29" in warning
    assert _described(0.25 * 2.19, 0.0, **light) == ()


def test_without_an_auxiliary_loss_no_collapse_is_guessed() -> None:
    assert _described(0.0, 0.0, **{**HARD, "auxiliary_weight": {"trick": 0.0}}) == ()
