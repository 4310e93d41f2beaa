"""The rate at which the machine multiplies matrices with NumPy: what a step cannot be faster than."""

import time
from statistics import median

import numpy as np

SIZE = 2048
REPEATS = 5


def matrix_rate(size: int = SIZE, repeats: int = REPEATS) -> float:
    """Measures how fast NumPy multiplies two square float32 matrices.

    Args:
        size: Rows and columns.
        repeats: Products, of whose rates the middle one counts; one more comes before them.

    Returns:
        Floating-point operations a second, a multiply-add being two.
    """
    draw = np.random.default_rng(0)
    left, right = draw.random((size, size), np.float32), draw.random((size, size), np.float32)
    product = left @ right
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        np.matmul(left, right, out=product)
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / median(seconds)
