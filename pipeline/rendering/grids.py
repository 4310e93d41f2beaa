"""Grids of images whose columns or rows have a class each, with the names of the classes."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.data.columns import BAND
from pipeline.rendering.tiles import WHITE, Pixels, tile

FONT_SIZE = 13
MARGIN = 4
GAP = 1

Blocks = Sequence[NDArray[np.floating]]


def class_grid(
    blocks: Blocks,
    names: Sequence[str],
    *,
    along: Literal["columns", "rows", ""],
    magnify: int = 1,
    headings: Sequence[str] = (),
) -> Pixels:
    """Lays blocks of images side by side, as `tile` does, with the names of their classes.

    Args:
        blocks: As `tile` takes them; a class has one or more columns of each, or one row.
        names: The names of the classes; none to show none.
        along: Whether `columns` or `rows` are of a class each, or neither. Names stand below columns, of which each
            band has ten classes, and to the left of rows.
        magnify: The width and height in pixels of each pixel of an image.
        headings: A text above each block, or nothing.
    """
    if not names or not along:
        return tile(blocks, magnify=magnify, headings=headings)
    if along == "rows":
        picture = tile(blocks, magnify=magnify, headings=headings)
        return np.concatenate([_row_names(names, picture, (blocks[0].shape[2] + GAP) * magnify), picture], axis=1)
    bands = []
    for first in range(0, len(names), BAND):
        parts = [_band(block, first, len(names)) for block in blocks]
        picture = tile(parts, magnify=magnify, gap=GAP, headings=() if first else headings)
        spans = [block.shape[1] // len(names) for block in blocks]
        bands += [picture, _column_names(names[first : first + BAND], parts, spans, picture, magnify)]
    return np.concatenate(bands)


def banded(block: NDArray[np.floating]) -> NDArray[np.floating]:
    """Lays a block of more than ten columns in bands of ten, one below the other; the last may end in black."""
    columns = block.shape[1]
    if columns <= BAND:
        return block
    return np.concatenate([_band(block, first, columns) for first in range(0, columns, BAND)])


def _band(block: NDArray[np.floating], first: int, classes: int) -> NDArray[np.floating]:
    """The columns of ten classes from the first on, black where there are fewer."""
    span = block.shape[1] // classes
    part = block[:, first * span : (first + BAND) * span]
    missing = min(BAND, classes) * span - part.shape[1]
    return np.pad(part, ((0, 0), (0, missing), *[(0, 0)] * (block.ndim - 2)), constant_values=-1)


def _column_names(names: Sequence[str], blocks: Blocks, spans: Sequence[int], picture: Pixels, magnify: int) -> Pixels:
    width = blocks[0].shape[3]
    pitch = (width + GAP) * magnify * min(spans)
    texts = [_written(name) for name in names]
    if any(text.width > pitch - MARGIN for text in texts):
        texts = [text.rotate(90, expand=True) for text in texts]
    strip = _strip(picture.shape[1], max(text.height for text in texts) + 2 * MARGIN)
    left = 0
    for block, span in zip(blocks, spans, strict=True):
        step = (width + GAP) * magnify * span
        for place, text in enumerate(texts):
            strip.paste(text, (left + place * step + (step - text.width) // 2, MARGIN))
        left += ((width + GAP) * block.shape[1] - GAP + width) * magnify
    return _like(picture, strip)


def _row_names(names: Sequence[str], picture: Pixels, pitch: int) -> Pixels:
    texts = [_written(name) for name in names]
    strip = _strip(max(text.width for text in texts) + 2 * MARGIN, picture.shape[0])
    top = picture.shape[0] - len(names) * pitch
    for place, text in enumerate(texts):
        strip.paste(text, (MARGIN, top + place * pitch + (pitch - text.height) // 2))
    return _like(picture, strip)


def _written(name: str) -> Image.Image:
    font = ImageFont.load_default(FONT_SIZE)
    left, top, right, bottom = font.getbbox(name)
    text = _strip(max(1, math.ceil(right - left)), max(FONT_SIZE + 2, math.ceil(bottom - top)))
    ImageDraw.Draw(text).text((-left, FONT_SIZE / 2 + 1), name, fill="black", font=font, anchor="lm")
    return text


def _strip(width: int, height: int) -> Image.Image:
    return Image.new("L", (width, height), WHITE)


def _like(picture: Pixels, strip: Image.Image) -> Pixels:
    """The strip in the channels of a picture."""
    return np.asarray(strip if picture.ndim == 2 else strip.convert("RGB"))
