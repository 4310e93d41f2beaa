"""The random draws of a step, as a function of its number: there is no state to save or to lose.

Seeds, steps and streams are 0 or more. A stream is the purpose of draws; no two steps or streams of a seed share one.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.settings.images import DIGITS


def batch_indices(seed: int, step: int, *, batch_size: int, count: int) -> NDArray[np.int64]:
    """Returns the images of one step: indices in [0, `count`), int64 `(batch_size,)`.

    Each epoch is a permutation of all `count` images, so every image is seen once in it. A batch may hold the end of
    one epoch and the beginning of the next.
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
    seed: int, step: int, stream: int, *, count: int, latent_size: int, classes: int = DIGITS.classes
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Draws the generator's inputs: latents and the classes to generate.

    Returns:
        Latents, float32 `(count, latent_size)`, uniform in [-1, 1), and digits from 0 to `classes` - 1, int32
        `(count, 1)`.
    """
    generator = _generator(seed, step, stream)
    latents = generator.random((count, latent_size), dtype=np.float32) * np.float32(2) - np.float32(1)
    return latents, generator.integers(0, classes, size=(count, 1), dtype=np.int32)


def draw_noise(seed: int, step: int, stream: int, *, count: int, size: int) -> NDArray[np.float32]:
    """Draws standard normal numbers, float32 `(count, size)`; the first vectors are the same whatever `count` is."""
    return _generator(seed, step, stream).standard_normal((count, size), dtype=np.float32)


def _generator(seed: int, step: int, stream: int) -> np.random.Generator:
    """Philox (Salmon et al. 2011) of a key and a counter; each step has a range of the counter to itself."""
    key, counter = np.array([seed, stream], np.uint64), np.array([0, 0, 0, step], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
