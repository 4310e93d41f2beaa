"""One step of an encoder and a decoder: on both, on one while the other keeps every bit, or on each in turn."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from pipeline.kernels.adam import build_adam
from pipeline.settings.compute import ComputeSettings
from pipeline.settings.convolutional import ConvolutionalSettings
from pipeline.training.devices import choose_kernels
from pipeline.training.family import named_variables
from pipeline.training.stepping import Draws, Stepper, Take

ENCODER, DECODER, OBJECTIVE = "encoder", "decoder", "objective"

Turn = tuple[str, ...]
Losses = dict[str, tf.Tensor]
Compute = Callable[[Draws], Losses]

TURNS: dict[str, tuple[Turn, ...]] = {
    "joint": ((ENCODER, DECODER),),
    "encoder": ((ENCODER,),),
    "decoder": ((DECODER,),),
    "alternate": ((ENCODER,), (DECODER,)),
}


class Halves:
    """An encoder and a decoder, each with its own optimiser, so that nothing of a resting half changes.

    The settings say which half learns and how fast, `compute` how the steps are computed and which Adam takes them.
    `losses` computes losses by name from the draws of a step, with the halves in training mode; `objective` is
    minimised.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        settings: ConvolutionalSettings,
        *,
        compute: ComputeSettings,
        losses: Compute,
    ) -> None:
        self.models = {ENCODER: encoder, DECODER: decoder}
        self._settings, self._losses = settings, losses
        self._optimizers = {
            name: build_adam(model, settings.learning_rate, kernels=choose_kernels(compute.kernels))
            for name, model in self.models.items()
        }
        self._stepper = Stepper(*map(self._turn, TURNS[settings.mode]), compute=compute)
        self.steps_per_call = self._stepper.steps_per_call

    def move(self, step: int, draws: Sequence[Draws]) -> list[dict[str, float]]:
        """Takes a step for each of some draws, on the half or the halves whose turn it is.

        `step` is the number of the first, from 0; numbers decide turns and learning rates. Returns the losses before
        each update.
        """
        rated = [(np.float32(learning_rate(self._settings, number)), draw) for number, draw in enumerate(draws, step)]
        taken = self._stepper.take(step, rated)
        return [{name: float(value) for name, value in losses.items()} for losses in taken]

    def variables(self) -> dict[str, keras.Variable]:
        """Returns all variables that a step reads or changes, by name, except learning rates."""
        holders = self.models | {f"{name}_optimizer": optimizer for name, optimizer in self._optimizers.items()}
        return named_variables(holders)

    def _turn(self, turn: Turn) -> Take:
        return lambda _step, rated: self._take(turn, *rated)

    def _take(self, turn: Turn, rate: tf.Tensor, draws: Draws) -> Losses:
        for name in turn:
            self._optimizers[name].learning_rate.assign(rate)
        with self._resting(turn):
            moved = {name: self.models[name].trainable_variables for name in turn}
            values = {name: [variable.value for variable in variables] for name, variables in moved.items()}
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                losses = self._losses(draws)
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
