"""Tests that an interrupted training, gone on with, is the training that was never interrupted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.training.acgan.training import AcganTraining
from pipeline.training.checkpoints import load_state, save_state
from pipeline.training.family import Training
from pipeline.training.history import History
from pipeline.training.loop import CheckpointDue, Plan, run_steps
from tests.composing import settings_of
from tests.training.conftest import Begin, Trainings
from tests.training.encoder_decoder.coding import coding_settings
from tests.training.tiny import arrays, assert_same_bits, small_splits, small_training

pytestmark = pytest.mark.slow

Ended = tuple[dict[str, NDArray[Any]], str]


def _plan(steps: int = 10, report_every: int = 4) -> Plan:
    return Plan(steps, report_every, losses_every=3, checkpoint_seconds=0.0)


def _train(training: Training, plan: Plan, history: History) -> Ended:
    for _ in run_steps(training, plan, history):
        pass
    return arrays(training.variables()), history.to_json()


def _train_until(training: Training, step: int, checkpoint: Path, *, reported: bool) -> None:
    """Trains two steps past its last checkpoint: that after the step named, or after its report if it has one."""
    history = History()
    for event in run_steps(training, _plan(), history):
        pending = _plan().report_is_due(history)
        if isinstance(event, CheckpointDue) and (history.step < step or (history.step == step and pending != reported)):
            save_state(checkpoint, training.variables(), history)
        if history.step == step + 2:
            return


def test_a_step_of_the_default_has_the_same_bits_however_often_it_is_taken() -> None:
    # With all filters: operations of small networks have too little to do for several threads.
    settings = settings_of("data.validation=0").resolve(gpu=False)
    training = AcganTraining(settings, small_splits(settings))
    before, ends = arrays(training.variables()), []
    for _ in range(8):
        for name, variable in training.variables().items():
            variable.assign(before[name])
        training.take_step(0)  # which has a gradient penalty
        ends.append(arrays(training.variables()))
    for end in ends[1:]:
        assert_same_bits(end, ends[0])


@pytest.fixture(scope="module")
def whole(trainings: Trainings) -> dict[str, Ended]:
    """The ends of trainings that are never interrupted, by recipe."""
    return {recipe: _train(trainings(recipe=recipe), _plan(), History()) for recipe in ("original", "shared")}


@pytest.mark.parametrize("recipe", ["original", "shared"])
@pytest.mark.parametrize(
    ("step", "reported"),
    [(1, True), (4, False), (4, True), (7, True)],
    ids=["within a window of losses", "before a report", "after a report", "in the next window"],
)
def test_an_interrupted_training_ends_as_one_never_interrupted(
    trainings: Trainings, tmp_path: Path, whole: dict[str, Ended], recipe: str, step: int, reported: bool
) -> None:
    _train_until(trainings(recipe=recipe), step, tmp_path / "checkpoint.npz", reported=reported)
    again = trainings(recipe=recipe)
    history = load_state(tmp_path / "checkpoint.npz", again.variables())
    assert (history.step, _plan().report_is_due(history)) == (step, not reported)
    weights, figures = _train(again, _plan(), history)
    assert_same_bits(weights, whole[recipe][0])
    assert figures == whole[recipe][1]


def test_four_steps_and_six_more_equal_ten(trainings: Trainings, tmp_path: Path, whole: dict[str, Ended]) -> None:
    first, history = trainings(recipe="shared"), History()
    _train(first, _plan(4), history)
    save_state(tmp_path / "state.npz", first.variables(), history)
    second = trainings(recipe="shared")
    weights, figures = _train(second, _plan(10), load_state(tmp_path / "state.npz", second.variables()))
    assert_same_bits(weights, whole["shared"][0])
    assert figures == whole["shared"][1]


def test_weights_are_the_same_whatever_the_rhythm_of_reports(trainings: Trainings) -> None:
    often, rarely = (_train(trainings(), _plan(6, report_every), History())[0] for report_every in (2, 6))
    assert_same_bits(often, rarely)


def test_a_longer_training_takes_its_learning_rates_from_its_own_settings(trainings: Trainings, tmp_path: Path) -> None:
    first = trainings()
    first.take_step(0)
    save_state(tmp_path / "state.npz", first.variables(), History(step=1))
    changed = small_training(generator={"learning_rate": 0.001}, discriminator={"learning_rate": 0.002})
    load_state(tmp_path / "state.npz", changed.variables())
    rates = [changed.networks.generator_optimizer.learning_rate, changed.networks.discriminator_optimizer.learning_rate]
    np.testing.assert_allclose([float(rate) for rate in rates], [0.001, 0.002])
    assert int(changed.networks.generator_optimizer.iterations) == 1


@pytest.mark.parametrize(("family", "mode"), [("autoencoder", "alternate"), ("vae", "joint")])
def test_halves_that_are_gone_on_with_are_those_of_one_training_whatever_its_length(
    begin: Begin, tmp_path: Path, family: str, mode: str
) -> None:
    settings = coding_settings(family, mode=mode, decay_steps=6)
    whole = _train(begin(settings), _plan(6), History())
    first, history = begin(settings), History()
    _train(first, _plan(3), history)
    save_state(tmp_path / "state.npz", first.variables(), history)
    second = begin(settings)
    weights, _ = _train(second, _plan(6), load_state(tmp_path / "state.npz", second.variables()))
    assert_same_bits(weights, whole[0])
