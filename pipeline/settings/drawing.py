"""What is made on request, digits or a comparison of runs, and the file it goes to."""

import os
import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.settings.compare import CompareSettings
from pipeline.settings.errors import SettingsError, one_line_paths
from pipeline.settings.frozen import Frozen
from pipeline.settings.images import ImageFormat
from pipeline.settings.paths import display

WHAT = ("digits", "digit", "count", "walk")
FORMS, PAGE = (".png", ".gif", ".npz"), ".html"


class DrawingRequest(Frozen):
    """What a command makes on request: the digits that `render` draws, or the page on the runs that `compare` reads.

    Attributes:
        digits: Digits to draw in a row, such as `31415`; of other classes their names or places, such as `coat:bag:3`.
        digit: One digit or class, of which `count` are drawn.
        count: Number of images; without `digit` all classes in turn.
        walk: Two digits as `3:8`, or two classes, between which the images change; `count` is the number of images.
        compare: The runs to compare.
        to: Of digits a picture (`.png`), an animation (`.gif`), arrays (`.npz`), or a folder for a picture of each; of
            a comparison a page (`.html`).
        force: Whether what is there already is replaced.
    """

    digits: str | None = None
    digit: str | None = None
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None
    walk: str | None = None
    compare: CompareSettings = CompareSettings()
    to: Path | None = Field(default=None, strict=False)
    force: bool = False

    @property
    def requested(self) -> tuple[str, ...]:
        """The names of what is asked for, such as `("digit", "count")`."""
        return tuple(name for name in WHAT if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.digits is not None and not all(self.digits.split(":")):
            raise ValueError(f"digits must be digits, as in digits=31415. Received: {self.digits}")
        if self.walk is not None and not re.fullmatch("[^:]+:[^:]+", self.walk):
            raise ValueError(f"walk must be two digits, as in walk=3:8. Received: {self.walk}")
        if self.walk is not None and self.count == 1:
            raise ValueError("count must be 2 or more of a walk, for its two ends. Received: 1")
        for one, other in (("digits", "digit"), ("digits", "count"), ("digits", "walk"), ("walk", "digit")):
            if {one, other} <= {*self.requested}:
                raise ValueError(f"{one} says what to draw, and so does {other}: leave one of them out")
        if self.requested and self.to is None:
            raise ValueError(f"to must name a file or a folder to draw `{self.requested[0]}` to, as in to=digits.png")
        self._check_target()
        return self

    def _check_target(self) -> None:
        runs = self.compare.runs
        if runs and self.requested:
            raise ValueError(
                f"runs says what to compare, and `{self.requested[0]}` what to draw: leave one of them out"
            )
        if self.to is None:
            return
        if runs and self.to.suffix != PAGE:
            raise ValueError(f"to must end in {PAGE}, since `runs` makes a page. Received: {self.to}")
        if runs:
            return
        if not self.requested:
            raise ValueError("to needs what to draw (digits=31415, digit=7, count=100, walk=3:8) or to compare (runs=)")
        if self.to.suffix not in ("", *FORMS):
            raise ValueError(f"to must end in {', '.join(FORMS)}, or name a folder. Received: {self.to}")


def classes_asked_for(request: DrawingRequest, format: ImageFormat) -> tuple[int, ...]:
    """Returns the places of the classes that are asked for: those in a row, the one, or the two ends of a walk.

    It is empty where nothing but a number of images is asked for.

    Raises:
        SettingsError: There is no such class.
    """
    if request.digits is not None:
        plain = re.fullmatch("[0-9]+", request.digits) and request.digits not in format.names
        words = list(request.digits) if plain else request.digits.split(":")
        return tuple(format.find_class(word, setting="digits") for word in words)
    if request.digit is not None:
        return (format.find_class(request.digit, setting="digit"),)
    if request.walk is not None:
        return tuple(format.find_class(end, setting="walk") for end in request.walk.split(":"))
    return ()


@one_line_paths()
def check_target(request: DrawingRequest, *, otherwise: Path | None = None) -> Path:
    """Returns the path to write to, `to` or the one `otherwise`, where nothing is lost there.

    Raises:
        SettingsError: A file, or a folder with files in it, is there and `force` is not set; or one is there in place
            of the other; or it is in no folder that can be written.
    """
    path = request.to or otherwise
    if path is None:
        raise SettingsError("`to` must name a file or a folder to draw to, as in to=digits.png")
    if path.exists() and path.is_dir() == bool(path.suffix):
        wanted, found = ("a file", "a folder") if path.suffix else ("a folder", "a file")
        raise SettingsError(f"`to` must name {wanted}. Received: {display(path)}, which is {found}")
    taken = path.exists() if path.suffix else path.is_dir() and any(path.iterdir())
    if taken and not request.force:
        raise SettingsError(f"`to` must be new, or add force=true to replace its files. Received: {display(path)}")
    places = path.absolute().parents if path.suffix else (path.absolute(), *path.absolute().parents)
    nearest = next(place for place in places if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise SettingsError(f"`to` must be in a folder that can be written. Received: {path} in {display(nearest)}")
    return path
