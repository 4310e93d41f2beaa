"""Pictures of codes: reconstructions beneath their originals, and walks from one digit to another."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.columns import available_rows, class_columns, rows_a_band
from pipeline.data.dataset import Images, scaled
from pipeline.training.pictures import Picture

ROWS = 8
WALK = 10


@dataclass(frozen=True)
class Coder:
    """Digits to codes and back.

    Attributes:
        encode: From uint8 images `(n, height, width)`, or with 3 channels behind, to codes `(n, size)`.
        decode: From codes to images `(n, height, width, channels)` in [-1, 1].
    """

    encode: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    decode: Callable[[NDArray[np.float32]], NDArray[np.float32]]


def reconstruct(coder: Coder, images: Images, *, rows: int = ROWS, classes: int) -> NDArray[np.float32]:
    """Places reconstructions beneath their originals, one class per column; at most `rows` of each are taken.

    Where `images` lack a class, one row shows the first of them in order.

    Returns:
        `(2 * rows, classes, height, width)` in [-1, 1], or with channels: a row of originals, a
        row of their reconstructions, and so on.
    """
    rows = min(rows_a_band(rows, classes), available_rows(images.labels, classes=classes))
    if rows:
        originals = class_columns(images.images, images.labels, rows=rows, classes=classes)
    else:
        rows, originals = 1, images.images[np.resize(np.arange(len(images)), (1, classes))]
    flat = originals.reshape(-1, *originals.shape[2:]).astype(np.uint8)
    decoded = coder.decode(coder.encode(flat)).reshape(originals.shape)
    return np.stack([scaled(originals), decoded], axis=1).reshape(2 * rows, *originals.shape[1:])


def reconstructions(coder: Coder, images: Images, *, classes: int) -> Picture:
    """Draws `reconstruct` with its heading."""
    return Picture(
        [reconstruct(coder, images, classes=classes)], ("test images, each over its reconstruction",), "columns"
    )


def walk(coder: Coder, images: Images, *, classes: int) -> Picture:
    """Draws the walk from each digit to the next, along the straight line between the codes of two images.

    The first image of each class is shown. There is a row a class, of digits from `0 to 1` to `9 to 0`: an
    image, ten decoded codes, another image.
    """
    (first,) = class_columns(images.images, images.labels, rows=1, classes=classes)
    codes = coder.encode(first.astype(np.uint8))
    share = np.linspace(0, 1, WALK, dtype=np.float32)[:, np.newaxis]
    between = [start + share * (end - start) for start, end in zip(codes, np.roll(codes, -1, axis=0), strict=True)]
    decoded = coder.decode(np.concatenate(between)).reshape(len(codes), WALK, *first.shape[1:])
    ends = scaled(first)[:, np.newaxis]
    block = np.concatenate([ends, decoded, np.roll(ends, -1, axis=0)], axis=1)
    return Picture([block], ("test image, ten codes on the line between, test image",), "rows")
