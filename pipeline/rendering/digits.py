"""Digits written to one file, a picture, an animation or arrays, or to a picture each."""

import math
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import without_grey_channel
from pipeline.data.files import WriteError
from pipeline.data.npz import write_npz
from pipeline.rendering.animation import save_gif
from pipeline.rendering.tiles import Pixels, encode_png, save_png, tile, to_pixels
from pipeline.settings.paths import display

LONGEST_ROW = 50
PICTURE = re.compile(r"\d+(-\d+)?\.png")  # of a folder


def write_digits(
    images: NDArray[np.float32],
    digits: NDArray[np.int32] | None,
    path: Path,
    *,
    magnify: int,
    milliseconds: int,
    in_row: bool = False,
) -> None:
    """Writes digits in the form that the name of `path` asks for; each file is written whole or not at all.

    Args:
        images: `(n, height, width, channels)` in [-1, 1], 1 or 3 channels.
        digits: The digits that they show, `(n,)`; None where nobody knows.
        path: `.png`: side by side; `.gif`: one after the other; `.npz`: `images`, uint8 `(n, height, width)` or with
            3 channels behind, and `digits` where they are known; no suffix: a folder with `NUMBER-DIGIT.png` each, in
            place of former ones.
        magnify: The width and height in pixels of each pixel of an image; in arrays and folders they keep their size.
        milliseconds: The time of each image in an animation.
        in_row: Whether a picture has them in rows of up to 50, not in a square.

    Raises:
        WriteError: A file cannot be written.
    """
    match path.suffix:
        case ".png":
            save_png(tile([arrange(images, in_row=in_row)], magnify=magnify), path)
        case ".gif":
            large = _pixels(images).repeat(magnify, axis=1).repeat(magnify, axis=2)
            save_gif(list(large), [milliseconds] * len(images), path)
        case ".npz":
            arrays = {"images": _pixels(images)}
            write_npz(arrays if digits is None else arrays | {"digits": digits}, path)
        case _:
            _write_folder(_pixels(images), digits, path)


def arrange(images: NDArray[np.float32], *, in_row: bool) -> NDArray[np.float32]:
    """Lays images in rows, black where the last row ends early: `(rows, columns, height, width, channels)`."""
    columns = min(len(images), LONGEST_ROW) if in_row else math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    blank = np.full((rows * columns - len(images), *images.shape[1:]), -1, images.dtype)
    return np.concatenate([images, blank]).reshape(rows, columns, *images.shape[1:])


def _write_folder(images: Pixels, digits: NDArray[np.int32] | None, path: Path) -> None:
    """Writes the files aside and renames them; unlike `save_png` it waits for the disk for none of thousands."""
    places = len(str(len(images) - 1))
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path, prefix=".drawing-") as aside:
            for number, image in enumerate(images):
                shown = "" if digits is None else f"-{digits[number]}"
                file = Path(aside) / f"{number:0{places}d}{shown}.png"
                file.write_bytes(encode_png(image))
            for former in path.iterdir():
                if PICTURE.fullmatch(former.name):
                    former.unlink()
            for file in Path(aside).iterdir():
                file.replace(path / file.name)
    except OSError as error:
        raise WriteError(f"{display(path)} cannot be written: {error.strerror or error}") from error


def _pixels(images: NDArray[np.float32]) -> Pixels:
    return without_grey_channel(to_pixels(images))
