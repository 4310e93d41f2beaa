"""Digits that a finished training draws on request."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.batches import DIGITS
from pipeline.rendering.digits import write_digits
from pipeline.runs.location import RunLocation
from pipeline.settings.composed import Settings
from pipeline.training.checkpoints import load_parts
from pipeline.training.family import Family, Generated, Parts


def draw_digits(location: RunLocation, family: Family, request: Settings, path: Path) -> int:
    """Draws the digits that `request` asks for to `path`, from its `seed`, and returns their number.

    The family's block and the precision are those of the training at `location`.
    """
    settings = location.settings.model_copy(update={"seed": request.seed})
    parts = load_parts(location.files.weights(location.choose(request.render.weights).which))
    drawn = _generate(family, parts, settings)
    block, in_row = request.draw, request.count is None or request.walk is not None
    form = {"magnify": block.magnify, "milliseconds": block.frame_milliseconds}
    write_digits(drawn.images, drawn.digits, path, in_row=in_row, **form)
    return len(drawn.images)


def _generate(family: Family, parts: Parts, settings: Settings) -> Generated:
    """Generates what is asked for; that the family can, its settings have said."""
    count = settings.count or 1
    if settings.ends_of_walk and family.walk:
        images = settings.count or settings.draw.walk_images
        return Generated(family.walk(parts, settings, settings.ends_of_walk, images), None)
    if family.ask:
        asked = _asked(settings, count)
        return Generated(family.ask(parts, settings, asked), asked)
    if family.generate:
        return family.generate(parts, settings, count)
    raise NotImplementedError(f"the family {settings.family} must define what its settings name in `draws`")


def _asked(settings: Settings, count: int) -> NDArray[np.int32]:
    if settings.digits is not None:
        return np.array([int(digit) for digit in settings.digits], np.int32)
    if settings.digit is not None:
        return np.full(count, settings.digit, np.int32)
    return np.arange(count, dtype=np.int32) % DIGITS
