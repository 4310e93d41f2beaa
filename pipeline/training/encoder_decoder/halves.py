"""One step of an encoder and a decoder: on both, on one while the other keeps every bit, or on each in turn."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.kernels.adam import build_adam
from pipeline.settings.compute import ComputeSettings
from pipeline.settings.convolutional import ConvolutionalSettings
from pipeline.training.family import named_variables

ENCODER, DECODER, OBJECTIVE = "encoder", "decoder", "objective"

Turn = tuple[str, ...]
Inputs = dict[str, NDArray[np.float32]]
Compute = Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]

TURNS: dict[str, tuple[Turn, ...]] = {
    "joint": ((ENCODER, DECODER),),
    "encoder": ((ENCODER,),),
    "decoder": ((DECODER,),),
    "alternate": ((ENCODER,), (DECODER,)),
}


class Halves:
    """An encoder and a decoder, each with its own optimiser, so that nothing of a resting half changes.

    The settings say which half learns and how fast, `compute` whether XLA compiles the steps and which Adam takes them.
    """

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, settings: ConvolutionalSettings, *, compute: ComputeSettings
    ) -> None:
        self.models = {ENCODER: encoder, DECODER: decoder}
        self._settings, self._xla = settings, compute.xla
        self._optimizers = {
            name: build_adam(model, settings.learning_rate, kernels=compute.kernels)
            for name, model in self.models.items()
        }
        self._steps: dict[Turn, Callable[[Inputs], dict[str, tf.Tensor]]] = {}

    def move(self, step: int, inputs: Inputs, compute: Compute) -> dict[str, float]:
        """Takes one step on the half or the halves whose turn it is, and returns the losses before the update.

        Args:
            step: The step, from 0; it decides the turn and the learning rate.
            inputs: The batch, by name.
            compute: Computes losses by name, with the halves in training mode; `objective` is minimised. It must be the
                same function at every step, since it is compiled once per turn.
        """
        turns = TURNS[self._settings.mode]
        turn = turns[step % len(turns)]
        if turn not in self._steps:
            self._steps[turn] = tf.function(partial(self._take, turn, compute), jit_compile=self._xla)
        rate = learning_rate(self._settings, step)
        for name in turn:
            self._optimizers[name].learning_rate.assign(rate)
        return {name: float(value) for name, value in self._steps[turn](inputs).items()}

    def variables(self) -> dict[str, keras.Variable]:
        """Returns all variables that a step reads or changes, by name, except learning rates."""
        holders = self.models | {f"{name}_optimizer": optimizer for name, optimizer in self._optimizers.items()}
        return named_variables(holders)

    def _take(self, turn: Turn, compute: Compute, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        with self._resting(turn):
            moved = {name: self.models[name].trainable_variables for name in turn}
            values = {name: [variable.value for variable in variables] for name, variables in moved.items()}
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                losses = compute(inputs)
            gradients = tape.gradient(losses[OBJECTIVE], values)
            for name, variables in moved.items():
                self._optimizers[name].apply(gradients[name], variables)
        return losses

    @contextmanager
    def _resting(self, turn: Turn) -> Iterator[None]:
        """Freezes the resting half while a step is traced, or its batch normalisation would update its averages."""
        frozen = [model for name, model in self.models.items() if name not in turn]
        for model in frozen:
            model.trainable = False
        try:
            yield
        finally:
            for model in frozen:
                model.trainable = True


def learning_rate(settings: ConvolutionalSettings, step: int) -> float:
    """Learning rate of a step: constant, or a cosine from `learning_rate` to 0 over `decay_steps`."""
    if settings.decay_steps is None:
        return settings.learning_rate
    done = min(1.0, step / settings.decay_steps)
    return settings.learning_rate * (1 + math.cos(math.pi * done)) / 2
