"""What a step draws, as a function of its number: no state to save, none to lose in an interruption."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

DIGITS = 10


def batch_indices(seed: int, step: int, *, batch_size: int, count: int) -> NDArray[np.int64]:
    """Gives the images of one step.

    The stream is one permutation of all images after another, so each image is seen once an epoch; a batch may hold the
    end of one epoch and the beginning of the next.

    Args:
        seed: The run's seed, 0 or more.
        step: The step, from 0.
        batch_size: Images a step.
        count: Images in the data set.

    Returns:
        Indices in [0, `count`), int64 `(batch_size,)`.
    """
    start = step * batch_size
    stop = start + batch_size
    epochs = range(start // count, (stop - 1) // count + 1)
    pieces = [
        _permutation(seed, epoch, count)[max(0, start - epoch * count) : stop - epoch * count] for epoch in epochs
    ]
    return np.concatenate(pieces)


@lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    order = np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64, copy=False)
    order.setflags(write=False)
    return order


def draw_pairs(
    seed: int, step: int, stream: int, *, count: int, latent_size: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Gives what the generator is asked for: latents with the digits to draw.

    No two steps or streams share a draw.

    Args:
        seed: The run's seed, 0 or more.
        step: The step, from 0.
        stream: What the draws are for, 0 or more; two streams of one seed are independent.
        count: How many pairs.
        latent_size: Numbers in a latent.

    Returns:
        Latents, float32 `(count, latent_size)`, uniform in [-1, 1), and digits 0 to 9, int32 `(count, 1)`.
    """
    generator = _generator(seed, step, stream)
    latents = generator.random((count, latent_size), dtype=np.float32) * np.float32(2) - np.float32(1)
    return latents, generator.integers(0, DIGITS, size=(count, 1), dtype=np.int32)


def draw_noise(seed: int, step: int, stream: int, *, count: int, size: int) -> NDArray[np.float32]:
    """Gives standard normal numbers, as a function of the step; no two steps or streams share a draw.

    Args:
        seed: The run's seed, 0 or more.
        step: The step, from 0.
        stream: What the draws are for, 0 or more; two streams of one seed are independent.
        count: How many vectors.
        size: Numbers in a vector.

    Returns:
        float32 `(count, size)`; the first vectors are the same however many are drawn.
    """
    return _generator(seed, step, stream).standard_normal((count, size), dtype=np.float32)


def _generator(seed: int, step: int, stream: int) -> np.random.Generator:
    """Philox turns key and counter into random bits; each step has its own range of the counter."""
    key, counter = np.array([seed, stream], np.uint64), np.array([0, 0, 0, step], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
