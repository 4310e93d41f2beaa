"""The training of the judge's network: batches, augmentation and schedule."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.data.batches import batch_indices
from pipeline.data.dataset import Images, scaled, with_channels
from pipeline.judging.network import build_judge
from pipeline.kernels.accelerate import accelerate
from pipeline.kernels.adam import build_adam
from pipeline.settings.compute import AUTO, Auto, Kernels
from pipeline.settings.images import ImageFormat
from pipeline.settings.judge import JudgeSettings
from pipeline.training.devices import choose_kernels

StepCallback = Callable[[int, float], None]
SHIFTS = 1


def train_classifier(
    images: Images,
    settings: JudgeSettings,
    *,
    format: ImageFormat,
    on_step: StepCallback | None = None,
    kernels: Kernels | Auto = AUTO,
) -> keras.Model:
    """Trains the judge's network on labelled images of a form; see `build_judge`.

    The same images and settings give the same bits on one machine's CPU. `on_step` is called after each step with the
    number of steps so far and the loss in nats. With `plain` kernels Keras' own layers take the steps.
    """
    judge = build_judge(settings, format=format)
    steps = count_steps(len(images), settings)
    warmup, rate = steps // 10, settings.learning_rate
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 10, max(1, steps - warmup), warmup_target=rate, warmup_steps=warmup
    )
    chosen = choose_kernels(kernels)
    fast, adam = accelerate(judge, chosen), build_adam(judge, schedule, kernels=chosen)
    fast.compile(adam, loss={"digit": keras.losses.SparseCategoricalCrossentropy()})
    for step, (inputs, labels) in enumerate(_batches(images, settings, steps), start=1):
        fast.reset_metrics()
        losses = fast.train_on_batch(inputs, labels, return_dict=True)
        if on_step:
            on_step(step, float(losses["loss"]))
    return judge


def count_steps(images: int, settings: JudgeSettings) -> int:
    """The steps that a judge is trained for on so many images, one at least."""
    return max(1, settings.epochs * images // settings.batch_size)


def _batches(
    images: Images, settings: JudgeSettings, steps: int
) -> Iterator[tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.uint8]]]]:
    for step in range(steps):
        chosen = batch_indices(settings.seed, step, batch_size=settings.batch_size, count=len(images))
        draws = np.random.default_rng([settings.seed, step, SHIFTS])
        offsets = draws.integers(0, 2 * settings.shift, endpoint=True, size=(len(chosen), 2))
        moved = shift(images.images[chosen], offsets, by=settings.shift)
        yield {"image": with_channels(scaled(moved))}, {"digit": images.labels[chosen]}


def shift(images: NDArray[np.uint8], offsets: NDArray[np.int64], *, by: int) -> NDArray[np.uint8]:
    """Shifts each image, uint8 `(n, height, width)` or with channels behind, by up to `by` pixels each way.

    Background moves in. `offsets` are rows and columns, `(n, 2)`, 0 to 2 `by`; `by` leaves an image where it is.
    """
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (by, by), (by, by), *[(0, 0)] * (images.ndim - 3)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    shifted: NDArray[np.uint8] = windows[np.arange(len(images)), offsets[:, 0], offsets[:, 1]]
    # The windows come last, behind the channels.
    return shifted if images.ndim == 3 else np.moveaxis(shifted, 1, -1)
