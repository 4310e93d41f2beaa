"""Calls of compiled steps: one step a call, or several whose losses are fetched together."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.settings.compute import ComputeSettings
from pipeline.training.devices import find_gpu

Draws = Any
"""What is drawn for a step on the host: arrays, nested in tuples and dictionaries as the step wants them."""
Losses = Any
"""Scalars of a step, nested in tuples and dictionaries."""
Take = Callable[[tf.Tensor, Draws], Losses]


class Stepper:
    """Takes steps in calls of one or several, each step the same whatever the length of its call.

    Args:
        turns: What a step computes: functions from its number, an int64 scalar, and its draws to its losses, float32
            scalars. Step n is that of turn n modulo their number. Each is compiled once, without AutoGraph: they
            branch on tensors by TensorFlow's own functions.
        compute: Whether XLA compiles them and how many steps a call has at most.

    Raises:
        ValueError: A setting is `auto`.
    """

    def __init__(self, *turns: Take, compute: ComputeSettings) -> None:
        if not compute.is_resolved:
            raise ValueError(f"`compute` must be resolved before steps are built. Received: {compute}")
        self.steps_per_call = int(compute.steps_per_call)
        self._turns = [_Turn(take, xla=bool(compute.xla)) for take in turns]
        self._call: Callable[..., tf.Tensor] | None = None

    def take(self, step: int, draws: Sequence[Draws]) -> list[Losses]:
        """Takes as many steps as there are draws, from `step` on, and returns the losses of each as NumPy scalars.

        A call of several steps is a loop of TensorFlow's around the compiled step, as in Keras' `steps_per_execution`:
        XLA compiles the step alone, so that a call of any length needs no compilation of its own.
        """
        if self.steps_per_call == 1:
            return [self._take_alone(number, draw) for number, draw in enumerate(draws, start=step)]
        numbers = np.arange(step, step + len(draws))
        stacked = tf.nest.map_structure(lambda *rows: np.stack(rows), *draws)
        if self._call is None:
            rows = tf.nest.map_structure(_any_number, (numbers, stacked))
            self._call = tf.function(self._take_each, input_signature=[rows], autograph=False)
        taken = self._call((numbers, stacked)).numpy()
        return [self._turn(number).nest(row) for number, row in enumerate(taken, start=step)]

    def _turn(self, step: int) -> "_Turn":
        return self._turns[step % len(self._turns)]

    def _take_alone(self, step: int, draw: Draws) -> Losses:
        turn = self._turn(step)
        return turn.nest(turn(np.int64(step), draw).numpy())

    def _take_each(self, rows: tuple[tf.Tensor, Draws]) -> tf.Tensor:
        return tf.map_fn(self._take_one, rows, fn_output_signature=tf.float32, parallel_iterations=1)

    def _take_one(self, row: tuple[tf.Tensor, Draws]) -> tf.Tensor:
        if len(self._turns) == 1:
            return self._turns[0](*row)
        turn = tf.cast(row[0] % len(self._turns), tf.int32)
        return tf.switch_case(turn, [lambda turn=turn: turn(*row) for turn in self._turns])


class _Turn:
    """A compiled step whose losses leave it as one vector, and the form to nest them in again."""

    def __init__(self, take: Take, *, xla: bool) -> None:
        self._take, self._form = take, None
        self._compiled = tf.function(self._flat, jit_compile=xla, autograph=False)

    def __call__(self, step: Any, draws: Draws) -> tf.Tensor:
        return self._compiled(tf.convert_to_tensor(step, tf.int64), draws)

    def nest(self, losses: NDArray[np.float32]) -> Losses:
        return tf.nest.pack_sequence_as(self._form, list(losses))

    def _flat(self, step: tf.Tensor, draws: Draws) -> tf.Tensor:
        losses = self._take(step, draws)
        self._form = tf.nest.map_structure(lambda _: 0, losses)
        return tf.stack(tf.nest.flatten(losses))


class DeviceImages:
    """Training images and labels where steps are computed, so that a step is handed the indices of its batch.

    They stay uint8. On a GPU they need XLA: TensorFlow has no kernel there that gathers uint8.
    """

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.uint8], *, compute: ComputeSettings) -> None:
        with tf.device("GPU:0" if compute.xla and find_gpu() else "CPU:0"):
            self._images, self._labels = tf.constant(images), tf.constant(labels)

    def gather(self, chosen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Images of indices `(n,)` in [-1, 1], with channels, and their labels, uint8 `(n,)`.

        The images are float32 `(n, height, width, channels)`, those of `scaled` to rounding.
        """
        images = tf.cast(tf.gather(self._images, chosen), tf.float32) / 127.5 - 1
        shown = images if self._images.shape.rank == 4 else images[..., tf.newaxis]
        return shown, tf.gather(self._labels, chosen)


def _any_number(rows: NDArray[Any]) -> tf.TensorSpec:
    return tf.TensorSpec((None, *rows.shape[1:]), rows.dtype)
