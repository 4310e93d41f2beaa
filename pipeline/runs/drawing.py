"""Digits that a finished training draws on request."""

from pathlib import Path

import numpy as np

from pipeline.rendering.digits import write_digits
from pipeline.runs.location import RunLocation
from pipeline.settings.composed import Settings
from pipeline.settings.drawing import classes_asked_for
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
    count, classes = settings.count or 1, classes_asked_for(settings, settings.format)
    if settings.walk is not None and family.walk:
        first, last = classes
        return Generated(family.walk(parts, settings, (first, last), settings.count or settings.draw.walk_images), None)
    if family.ask:
        asked = np.array(classes * count if classes else range(count), np.int32) % settings.format.classes
        return Generated(family.ask(parts, settings, asked), asked)
    if family.generate:
        return family.generate(parts, settings, count)
    raise NotImplementedError(f"the family {settings.family} must define what its settings name in `draws`")
