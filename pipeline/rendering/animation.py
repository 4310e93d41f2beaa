"""Pictures of successive steps as one animated GIF, which every browser shows."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.data.files import write_bytes
from pipeline.rendering.tiles import WHITE, Pixels

GREYS = 16
LAST_HELD = 6


def animate(frames: Sequence[Pixels], steps: Sequence[int], path: Path, *, milliseconds: int, most: int = 40) -> None:
    """Writes pictures of successive steps as a GIF that repeats, each labelled with its step.

    Greys are reduced to 16 levels and longer sequences thinned evenly, so that the file stays small; the first and
    the last picture are always kept.

    Args:
        frames: Pictures of one size, `(height, width)` grey or `(height, width, 3)` colour, uint8.
        steps: The training step of each picture.
        path: The GIF, written whole.
        milliseconds: The time of each picture, 20 or more; the last is shown six times as long.
        most: The limit of pictures, 2 or more.

    Raises:
        ValueError: There is no picture or not one step a picture, sizes differ, or a number is too low.
    """
    _check_frames(frames, steps, milliseconds, most)
    kept = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int))
    total = max(steps)
    images = [Image.fromarray(_few_greys(_labelled(frames[place], steps[place], total))) for place in kept]
    durations = [milliseconds] * (len(images) - 1) + [LAST_HELD * milliseconds]
    _save(images, durations, path)


def save_gif(frames: Sequence[Pixels], milliseconds: Sequence[int], path: Path) -> None:
    """Writes pictures of one size as a GIF that repeats, each shown for its time; whole or not at all.

    They are `(height, width)` grey or `(height, width, 3)` colour, uint8.
    """
    _save([Image.fromarray(frame) for frame in frames], milliseconds, path)


def _save(images: Sequence[Image.Image], milliseconds: Sequence[int], path: Path) -> None:
    first, *others = images
    encoded = io.BytesIO()
    first.save(encoded, "GIF", save_all=True, append_images=others, duration=list(milliseconds), loop=0, optimize=True)
    write_bytes(encoded.getvalue(), path)


def _check_frames(frames: Sequence[Pixels], steps: Sequence[int], milliseconds: int, most: int) -> None:
    if not frames or len(frames) != len(steps):
        raise ValueError(f"`frames` must be one a step. Received: {len(frames)} frames, {len(steps)} steps")
    sizes = {frame.shape for frame in frames}
    if len(sizes) > 1:
        raise ValueError(f"`frames` must be of one size. Received: {sorted(sizes)}")
    if milliseconds < 20 or most < 2:
        raise ValueError(f"`milliseconds` must be 20 or more, `most` 2 or more. Received: {milliseconds}, {most}")


def _labelled(frame: Pixels, step: int, total: int) -> Pixels:
    width = frame.shape[1]
    size = min(24, max(11, width // 22))
    strip = Image.fromarray(np.full((2 * size, *frame.shape[1:]), WHITE, np.uint8))
    draw = ImageDraw.Draw(strip)
    draw.text((size / 2, size), f"step {step:,}", fill="black", font=ImageFont.load_default(size), anchor="lm")
    if total:
        draw.rectangle((0, 2 * size - 3, max(0, round(width * step / total) - 1), 2 * size - 1), fill="black")
    return np.concatenate([np.asarray(strip), frame])


def _few_greys(frame: Pixels) -> Pixels:
    return np.rint(np.rint(frame / 255 * (GREYS - 1)) * 255 / (GREYS - 1)).astype(np.uint8)
