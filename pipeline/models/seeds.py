"""Seeds of initial weights and dropout, as a function of a run's seed."""

import zlib
from collections.abc import Iterator

import numpy as np


def seeds(seed: int, name: str) -> Iterator[int]:
    """An endless stream of seeds.

    Args:
        seed: The run's seed.
        name: Purpose of the seeds; another name has another stream.

    Yields:
        Integers in [0, 2**31).
    """
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    while True:
        yield int(generator.integers(2**31))
