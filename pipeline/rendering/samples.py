"""Samples of several runs side by side."""

import math
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from textwrap import fill

import numpy as np
from PIL import Image

from pipeline.rendering import figures

COLUMNS = 3
NAME_WIDTH = 44
WIDTH, NAME_HEIGHT = 4.2, 0.3  # inches


def draw_samples(samples: Mapping[str, Path], path: Path, *, title: str) -> None:
    """Draws pictures of samples side by side into a PNG, each under its name, at most three a line.

    Raises:
        ValueError: There is no picture.
    """
    if not samples:
        raise ValueError("`samples` must hold at least one picture. Received: none")
    rows = math.ceil(len(samples) / COLUMNS)
    shape, inches = (rows, math.ceil(len(samples) / rows)), (WIDTH, WIDTH * _tallest(samples.values()) + NAME_HEIGHT)
    with figures.panels(shape, path, title=title, inches=inches) as (figure, _):
        for axes, one in zip_longest(figure.axes, samples.items()):
            axes.set_axis_off()
            if one is not None:
                name, file = one
                axes.set_title(fill(name, NAME_WIDTH))
                with Image.open(file) as picture:
                    axes.imshow(np.asarray(picture.convert("RGB")))


def _tallest(files: Iterable[Path]) -> float:
    """The greatest height of the pictures, as a share of the width."""
    shares = []
    for file in files:
        with Image.open(file) as picture:
            shares.append(picture.height / picture.width)
    return max(shares)
