"""A step changes both halves, one, or each in turn; a resting half keeps every bit."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.training.encoder_decoder.halves import learning_rate
from tests.families import autoencoder
from tests.training.conftest import Begin
from tests.training.encoder_decoder.coding import coding_settings, coding_training
from tests.training.tiny import arrays, assert_same_bits

pytestmark = pytest.mark.slow

FAMILIES = pytest.mark.parametrize("family", ["autoencoder", "vae"])
Arrays = dict[str, NDArray[Any]]


def changed(before: Arrays, after: Arrays) -> set[str]:
    """Owners of a variable that has changed."""
    return {name.split("/")[0] for name, array in before.items() if not np.array_equal(array, after[name])}


def states(training: Any, steps: int) -> list[Arrays]:
    """The state before the first step and after each."""
    found = [arrays(training.variables())]
    for step in range(steps):
        training.take_step(step)
        found.append(arrays(training.variables()))
    return found


@FAMILIES
@pytest.mark.parametrize(("mode", "moved"), [("encoder", "encoder"), ("decoder", "decoder")])
def test_the_half_that_rests_keeps_every_bit_statistics_and_optimiser_included(
    begin: Begin, family: str, mode: str, moved: str
) -> None:
    before, _, after = states(begin(coding_settings(family, mode=mode)), 2)
    assert changed(before, after) == {moved, f"{moved}_optimizer"}


@FAMILIES
def test_together_all_of_both_halves_moves(begin: Begin, family: str) -> None:
    before, _, after = states(begin(coding_settings(family)), 2)
    assert changed(before, after) == {"encoder", "decoder", "encoder_optimizer", "decoder_optimizer"}


@FAMILIES
def test_in_turn_the_encoder_moves_at_even_steps_and_the_decoder_at_odd_ones(begin: Begin, family: str) -> None:
    found = states(begin(coding_settings(family, mode="alternate")), 4)
    moved = [changed(one, other) for one, other in pairwise(found)]
    turns = [{half, f"{half}_optimizer"} for half in ("encoder", "decoder")]
    assert moved == [*turns, *turns]


def test_a_half_that_rested_is_free_again_and_saved_as_such(begin: Begin) -> None:
    training = begin(coding_settings("autoencoder", mode="encoder"))
    training.take_step(0)
    assert all(layer.trainable for part in training.parts().values() for layer in part.layers)


def test_a_turn_of_one_half_is_a_step_of_that_half_alone(begin: Begin) -> None:
    alternate, alone = (begin(coding_settings("vae", mode=mode)) for mode in ("alternate", "decoder"))
    assert alternate.take_step(1) == alone.take_step(1)
    for mine, other in zip(alternate.parts()["decoder"].weights, alone.parts()["decoder"].weights, strict=True):
        np.testing.assert_array_equal(mine, other)


@FAMILIES
def test_steps_are_the_same_to_the_last_bit_in_another_training(begin: Begin, family: str) -> None:
    one, other = begin(coding_settings(family)), coding_training(family)
    assert [one.take_step(step) for step in range(3)] == [other.take_step(step) for step in range(3)]
    assert_same_bits(arrays(one.variables()), arrays(other.variables()))


def test_the_rate_falls_along_a_cosine_to_nothing() -> None:
    falling = autoencoder(learning_rate=0.002, decay_steps=100)
    rates = [learning_rate(falling, step) for step in (0, 50, 100, 200)]
    assert rates == pytest.approx([0.002, 0.001, 0, 0])
    assert learning_rate(autoencoder(learning_rate=0.002), 10_000) == 0.002


def test_a_step_at_rate_nothing_moves_no_weight() -> None:
    training = coding_training("autoencoder", decay_steps=1)
    training.take_step(0)
    weights = training.parts()["autoencoder"].trainable_weights
    before = [np.array(weight) for weight in weights]
    training.take_step(1)
    assert all(np.array_equal(weight, old) for weight, old in zip(weights, before, strict=True))


def test_the_state_has_all_but_the_rates_which_are_functions_of_the_step(begin: Begin) -> None:
    training = begin(coding_settings("autoencoder"))
    paths = [variable.path for variable in training.variables().values()]
    assert not [path for path in paths if "learning_rate" in path]
    halves = training.halves.models.values()
    assert {id(weight) for half in halves for weight in half.variables} <= set(map(id, training.variables().values()))
