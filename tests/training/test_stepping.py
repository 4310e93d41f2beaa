"""Steps are the same in calls of one and of several, and only whole calls lie between checkpoints."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.data.dataset import scaled, with_channels
from pipeline.settings.composed import Settings
from pipeline.settings.compute import ComputeSettings
from pipeline.training.checkpoints import load_state, save_state
from pipeline.training.history import History
from pipeline.training.loop import CheckpointDue, Plan, run_steps
from pipeline.training.stepping import DeviceImages, Stepper
from tests.training.conftest import Begin
from tests.training.encoder_decoder.coding import coding_settings
from tests.training.tiny import EVERY_TERM, arrays, small_settings

SETTINGS: Mapping[str, Settings] = {
    "original": small_settings(recipe="original"),
    "shared": small_settings(recipe="shared", generator={"batches": 2}),
    "autoencoder in turn": coding_settings("autoencoder", mode="alternate", decay_steps=6),
    "vae": coding_settings("vae", decay_steps=6),
}
PLAN = Plan(steps=10, report_every=6, losses_every=3, checkpoint_seconds=0.0)


def compute(**changes: Any) -> ComputeSettings:
    return small_settings().compute.model_copy(update=changes)


def assert_close(left: Mapping[str, NDArray[Any]], right: Mapping[str, NDArray[Any]]) -> None:
    assert left.keys() == right.keys()
    for name, expected in right.items():
        # A loop may fuse what a single step does not, which rounds otherwise.
        np.testing.assert_allclose(left[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_four_steps_a_call_are_four_calls_of_a_step(begin: Begin, name: str) -> None:
    single, several = begin(SETTINGS[name]), begin(SETTINGS[name], steps_per_call=4)
    one_by_one = [single.take_step(step) for step in range(7)]
    at_once = [*several.take_steps(0, 4), *several.take_steps(4, 3)]
    assert at_once == [pytest.approx(losses, rel=1e-4) for losses in one_by_one]
    assert len({tuple(losses.values()) for losses in at_once}) == 7
    assert_close(arrays(several.variables()), arrays(single.variables()))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shared", pytest.param("autoencoder in turn", marks=pytest.mark.long)])
def test_a_training_of_long_calls_reports_the_same_and_resumes_between_calls(
    begin: Begin, name: str, tmp_path: Path
) -> None:
    histories = []
    for steps in (1, 4):
        histories.append(History())
        list(run_steps(begin(SETTINGS[name], steps_per_call=steps), PLAN, histories[-1]))
    assert [point.step for point in histories[1].points] == [point.step for point in histories[0].points]
    expected = [pytest.approx(point.value, rel=1e-3) for point in histories[0].points]
    assert [point.value for point in histories[1].points] == expected

    interrupted, history, saved = begin(SETTINGS[name], steps_per_call=4), History(), []
    for event in run_steps(interrupted, PLAN, history):
        if isinstance(event, CheckpointDue):
            saved.append(history.step)
            save_state(tmp_path / "state.npz", interrupted.variables(), history)
        if history.step == 8:
            break
    assert saved == [4, 6, 6]
    again = begin(SETTINGS[name], steps_per_call=4)
    history = load_state(tmp_path / "state.npz", again.variables())
    list(run_steps(again, PLAN, history))
    assert history.to_json() == histories[1].to_json()


@pytest.mark.long
def test_a_call_of_steps_compiled_by_xla_has_the_losses_of_single_steps(begin: Begin) -> None:
    """Of every term, by the kernels and the optimiser of a GPU."""
    settings = small_settings(**EVERY_TERM)
    single = begin(settings, kernels="plain")
    several = begin(settings, kernels="plain", steps_per_call=3, xla=True)
    losses = [single.take_step(step) for step in range(3)]
    assert several.take_steps(0, 3) == [pytest.approx(each, rel=1e-2) for each in losses]


def test_a_step_gets_its_number_and_its_draws_whatever_the_length_of_a_call() -> None:
    for steps_per_call, lengths in ((1, [1, 2]), (5, [5, 2, 1])):
        stepper = Stepper(
            lambda step, draws: {"sum": tf.cast(step, tf.float32) + tf.reduce_sum(draws), "one": tf.constant(1.0)},
            compute=compute(steps_per_call=steps_per_call),
        )
        for length in lengths:
            draws = [np.full(2, 10.0 * number, np.float32) for number in range(length)]
            taken = stepper.take(7, draws)
            assert taken == [{"sum": 7 + number + 20 * number, "one": 1} for number in range(length)]


def test_turns_are_taken_by_the_number_of_the_step_in_a_call_of_any_length() -> None:
    moved = tf.Variable([0.0, 0.0, 0.0])

    def turn(number: int) -> Any:
        def take(step: tf.Tensor, _: Any) -> tf.Tensor:
            moved.scatter_nd_update([[number]], [tf.cast(step, tf.float32)])
            return tf.constant(float(number))

        return take

    for steps_per_call in (1, 4):
        stepper = Stepper(*map(turn, range(3)), compute=compute(steps_per_call=steps_per_call))
        assert stepper.take(4, [()] * 4) == [1, 2, 0, 1]
        assert moved.numpy().tolist() == [6, 7, 5]
        moved.assign(tf.zeros(3))


def test_a_step_is_traced_once_whatever_the_lengths_of_its_calls() -> None:
    traced: list[int] = []

    def take(step: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        traced.append(1)
        return tf.cast(step, tf.float32) + draws

    stepper = Stepper(take, compute=compute(steps_per_call=4))
    for length in (4, 4, 3, 1, 2):
        stepper.take(0, [np.float32(0)] * length)
    assert len(traced) == 1


def test_steps_are_not_built_while_a_setting_is_still_auto() -> None:
    for name in ("xla", "steps_per_call", "kernels"):
        with pytest.raises(ValueError, match=r"must be resolved before steps are built.*auto"):
            Stepper(lambda *_: (), compute=compute(**{name: "auto"}))


@pytest.mark.parametrize("colour", [(), (3,)])
def test_a_batch_on_the_device_is_that_of_the_host(colour: tuple[int, ...]) -> None:
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 256, (30, 28, 28, *colour), np.uint8), np.arange(30, dtype=np.uint8)
    real, chosen = DeviceImages(images, labels, compute=compute()), np.array([3, 29, 0])
    gathered, digits = tf.function(real.gather)(chosen)
    np.testing.assert_allclose(gathered, with_channels(scaled(images[chosen])), rtol=0, atol=2e-7)
    assert digits.numpy().tolist() == [3, 29, 0]
