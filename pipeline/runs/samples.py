"""Sample tiles of each report, kept for the animation."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_samples(folder: Path, step: int, tiles: NDArray[np.float32]) -> None:
    """Writes the tiles of one report as `step-NNNNNNN.npy`, in half precision.

    Args:
        folder: Made where missing.
        step: The step of the report.
        tiles: `(rows, columns, height, width)` in [-1, 1].
    """
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"step-{step:07d}.npy", tiles.astype(np.float16))


def read_samples(folder: Path) -> dict[int, NDArray[np.float32]]:
    """Reads what `write_samples` wrote, by step, in order."""
    files = sorted(folder.glob("step-*.npy"))
    return {int(file.stem.removeprefix("step-")): np.load(file).astype(np.float32) for file in files}
