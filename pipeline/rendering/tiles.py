"""Images laid side by side in one picture, and the writing of pictures."""

import io
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.data.dataset import require_scaled
from pipeline.data.files import write_bytes

Pixels = NDArray[np.uint8]

WHITE = 255
GAP_GREY = 72
SMALLEST_FONT = 8


def to_pixels(images: NDArray[np.floating]) -> Pixels:
    """Rounds images of any shape in [-1, 1] to uint8: -1 becomes 0 (black), 1 becomes 255 (white).

    Rounding errors of 1e-3 beyond [-1, 1] are clipped.

    Raises:
        ValueError: A value is not finite, or lies outside [-1, 1].
    """
    require_scaled(images)
    levels: Pixels = np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
    return levels


def tile(
    blocks: Sequence[NDArray[np.floating]], *, magnify: int = 1, gap: int = 1, headings: Sequence[str] = ()
) -> Pixels:
    """Lays blocks of images side by side, a white column as wide as one image between them.

    Args:
        blocks: Each `(rows, columns, height, width)`, or with 1 or 3 channels behind, floats in [-1, 1]. They agree
            in all but their columns.
        magnify: The width and height in pixels of each pixel of an image.
        gap: Dark grey pixels between neighbouring images, before they are magnified; 0 for none.
        headings: A text above each block, or nothing.

    Returns:
        The picture, uint8: `(height, width)`, or `(height, width, 3)` of colour images.

    Raises:
        ValueError: The blocks do not fit each other or hold no images, a value is not in [-1, 1], `magnify` is below
            1 or `gap` below 0, or there are headings but not one a block.
    """
    _check_layout(blocks, magnify, gap, headings)
    deep = [block if block.ndim == 5 else block[..., None] for block in blocks]
    mosaics = [_mosaic(to_pixels(block), gap) for block in deep]
    _, _, _, tile_width, channels = deep[0].shape
    white = np.full((mosaics[0].shape[0], tile_width, channels), WHITE, np.uint8)
    row = list(chain.from_iterable((white, mosaic) for mosaic in mosaics))[1:]
    picture = np.concatenate(row, axis=1).repeat(magnify, axis=0).repeat(magnify, axis=1)
    picture = picture[..., 0] if channels == 1 else picture
    if not headings:
        return picture
    widths = [mosaic.shape[1] * magnify for mosaic in mosaics]
    return _headed(picture, headings, widths=widths, between=tile_width * magnify)


def encode_png(image: Pixels) -> bytes:
    """Returns a picture as PNG: the same pixels always give the same bytes.

    `image` is `(height, width)` grey or `(height, width, 3)` colour, uint8.
    """
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "PNG")
    return encoded.getvalue()


def save_png(image: Pixels, path: Path) -> None:
    """Writes a picture as PNG, whole or not at all, see `encode_png`; the folder is made if missing."""
    write_bytes(encode_png(image), path)


def _check_layout(blocks: Sequence[NDArray[np.floating]], magnify: int, gap: int, headings: Sequence[str]) -> None:
    shapes = [block.shape for block in blocks]
    alike = {(shape[0], *shape[2:]) for shape in shapes if len(shape) in (4, 5)}
    drawable = all(len(shape) == 4 or (len(shape) == 5 and shape[4] in (1, 3)) for shape in shapes)
    if not drawable or len(alike) != 1 or 0 in chain.from_iterable(shapes):
        raise ValueError(
            "`blocks` must be (rows, columns, height, width), or with 1 or 3 channels behind, "
            f"and differ in their columns only. Received: shapes {shapes}"
        )
    if magnify < 1 or gap < 0:
        raise ValueError(f"`magnify` must be 1 or more and `gap` 0 or more. Received: {magnify} and {gap}")
    if headings and len(headings) != len(blocks):
        raise ValueError(f"`headings` must be one a block, {len(blocks)}. Received: {list(headings)}")


def _mosaic(block: Pixels, gap: int) -> Pixels:
    rows, columns, height, width, channels = block.shape
    spaced = np.full((rows, columns, height + gap, width + gap, channels), GAP_GREY, np.uint8)
    spaced[:, :, :height, :width] = block
    flat = spaced.transpose(0, 2, 1, 3, 4).reshape(rows * (height + gap), columns * (width + gap), channels)
    return flat[: flat.shape[0] - gap, : flat.shape[1] - gap]


def _fitting(headings: Sequence[str], widths: Sequence[int], size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The largest font, of a size at most, in which each heading is no wider than what it stands above."""
    while True:
        font = ImageFont.load_default(size)
        if size <= SMALLEST_FONT or all(
            font.getlength(text) <= wide for text, wide in zip(headings, widths, strict=True)
        ):
            return font
        size -= 1


def _headed(picture: Pixels, headings: Sequence[str], *, widths: Sequence[int], between: int) -> Pixels:
    size = max(11, round(0.4 * between))
    strip = Image.fromarray(np.full((2 * size, *picture.shape[1:]), WHITE, np.uint8))
    draw = ImageDraw.Draw(strip)
    font = _fitting(headings, widths, size)
    left = 0
    for heading, width in zip(headings, widths, strict=True):
        draw.text((left + width / 2, size), heading, fill="black", font=font, anchor="mm")
        left += width + between
    return np.concatenate([np.asarray(strip), picture])
