"""Sample tiles of each report and of early steps, kept for the animation."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.files import replacing


def write_samples(folder: Path, step: int, tiles: NDArray[np.float32]) -> None:
    """Writes the tiles of one step as `step-NNNNNNN.npy`, in half precision.

    They are `(rows, columns, height, width)` in [-1, 1].
    """
    with replacing(folder / f"step-{step:07d}.npy") as aside:
        np.save(aside, tiles.astype(np.float16))


def read_samples(folder: Path) -> dict[int, NDArray[np.float32]]:
    """Reads the tiles that `write_samples` wrote, by step, in order; none from a folder that does not exist."""
    files = sorted(folder.glob("step-*.npy"))
    return {int(file.stem.removeprefix("step-")): np.load(file).astype(np.float32) for file in files}
