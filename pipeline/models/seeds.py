"""Seeds of initial weights and dropout, as a function of a run's seed."""

import zlib
from collections.abc import Iterator

import numpy as np


def seeds(seed: int, name: str) -> Iterator[int]:
    """An endless stream of integers in [0, 2**31); each seed and each `name` of a purpose has a stream of its own."""
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    while True:
        yield int(generator.integers(2**31))
