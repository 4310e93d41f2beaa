"""Sample tiles of each report and of early steps, kept for the animation."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.errors import UNREADABLE, DataError
from pipeline.data.files import replacing
from pipeline.settings.paths import display


def write_samples(folder: Path, step: int, tiles: NDArray[np.float32]) -> None:
    """Writes the tiles of one step as `step-NNNNNNN.npy`, in half precision.

    They are `(rows, columns, height, width)` in [-1, 1], in colour with channels behind.
    """
    with replacing(folder / f"step-{step:07d}.npy") as aside:
        np.save(aside, tiles.astype(np.float16))


def read_samples(folder: Path) -> dict[int, NDArray[np.float32]]:
    """Reads the tiles that `write_samples` wrote, by step, in order; none from a folder that does not exist.

    Raises:
        DataError: A file is damaged, or is no array of numbers.
    """
    files = sorted(folder.glob("step-*.npy"))
    return {int(file.stem.removeprefix("step-")): _read(file) for file in files}


def _read(file: Path) -> NDArray[np.float32]:
    try:
        tiles: NDArray[np.float32] = np.load(file, allow_pickle=False).astype(np.float32)
    except (*UNREADABLE, AttributeError, TypeError) as error:
        raise DataError(f"{display(file)} must be the sample tiles of a report: {error}") from error
    return tiles
