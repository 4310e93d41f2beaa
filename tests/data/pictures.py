"""Small data sets of one's own, in the forms that a person has: IDX files, and folders of pictures."""

import gzip
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def draw_class(place: int, count: int, *, size: int = 28, channels: int = 1, seed: int = 0) -> NDArray[np.uint8]:
    """Noise with a bright square whose place, and in colour whose channel, is the class's."""
    draw = np.random.default_rng([seed, place])
    images = draw.integers(0, 100, (count, size, size, channels), np.uint8)
    row, column = divmod(place, 4)
    images[:, 1 + 6 * row : 7 + 6 * row, 1 + 6 * column : 7 + 6 * column, place % channels] = 255
    return images if channels == 3 else images[..., 0]


def write_pictures(
    folder: Path,
    names: Sequence[str],
    count: int,
    *,
    size: int = 28,
    channels: int = 1,
    ending: str = "png",
    seed: int = 0,
) -> Path:
    """A folder of pictures for each class."""
    for place, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number, image in enumerate(draw_class(place, count, size=size, channels=channels, seed=seed)):
            Image.fromarray(image).save(folder / name / f"{number:03d}.{ending}")
    return folder


def without_palette(png: bytes) -> bytes:
    """A PNG of colours in a palette that lacks it."""
    start = png.index(b"PLTE") - 4
    (length,) = struct.unpack_from(">I", png, start)
    return png[:start] + png[start + 12 + length :]


def write_idx(folder: Path, arrays: Mapping[str, NDArray[np.uint8]], *, packed: bool = False) -> Path:
    """IDX files by their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
        (folder / f"{name}{'.gz' if packed else ''}").write_bytes(gzip.compress(content) if packed else content)
    return folder


def idx_arrays(
    classes: int, *, train: int = 20, test: int = 4, first_label: int = 0, beginning: str = ""
) -> dict[str, NDArray[np.uint8]]:
    """The arrays of four IDX files by name: so many images of each class, classes in turn."""
    arrays: dict[str, NDArray[np.uint8]] = {}
    for half, count in (("train", train), ("t10k", test)):
        images = np.stack([draw_class(place, count, seed=count) for place in range(classes)], axis=1)
        labels = np.tile(np.arange(first_label, first_label + classes, dtype=np.uint8), count)
        arrays[f"{beginning}{half}-images-idx3-ubyte"] = images.reshape(-1, *images.shape[2:])
        arrays[f"{beginning}{half}-labels-idx1-ubyte"] = labels
    return arrays
