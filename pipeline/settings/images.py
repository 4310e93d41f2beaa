"""The form of a data set's images, which networks, measures and pictures follow."""

from contextlib import suppress
from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.errors import SettingsError
from pipeline.settings.frozen import Frozen

FEWEST_CLASSES, MOST_CLASSES = 2, 100
SIZES = (28, 32)


class ImageFormat(Frozen):
    """Size, channels and classes of images.

    Attributes:
        size: Height and width in pixels.
        channels: 1 for grey, 3 for red, green and blue.
        names: The name of each class, 2 to 100 of them; a class is known by its place among them.
    """

    size: Literal[28, 32]
    channels: Literal[1, 3]
    names: Annotated[tuple[str, ...], Field(min_length=FEWEST_CLASSES, max_length=MOST_CLASSES, strict=False)]

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.names)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels, as networks take an image."""
        return self.size, self.size, self.channels

    @property
    def kind(self) -> str:
        """The word for a class: `digit` where they are 0 to 9, else `class`."""
        return "digit" if self.names == DIGIT_NAMES else "class"

    @property
    def plural(self) -> str:
        """The word for several images: `digits` where they are that, else `images`."""
        return "digits" if self.kind == "digit" else "images"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names that pictures show; none of digits, which need no words."""
        return () if self.kind == "digit" else self.names

    def describe(self) -> str:
        """Returns the form in words, as in `3 classes of 32 × 32 pixels in colour`."""
        colours = "grey" if self.channels == 1 else "colour"
        return f"{self.classes} classes of {self.size} × {self.size} pixels in {colours}"

    def find_class(self, text: str, *, setting: str) -> int:
        """Returns the place of a class that is given by its name or by that place.

        Raises:
            SettingsError: There is no such class; `setting` is what asked for it.
        """
        if text in self.names:
            return self.names.index(text)
        with suppress(ValueError):  # more digits than Python reads as one number
            if text.isascii() and text.isdecimal() and int(text) < self.classes:
                return int(text)
        named = "" if self.kind == "digit" else f", or one of {', '.join(self.names)}"
        raise SettingsError(f"`{setting}` must be a {self.kind} from 0 to {self.classes - 1}{named}. Received: {text}")


DIGIT_NAMES = tuple(map(str, range(10)))
DIGITS = ImageFormat(size=28, channels=1, names=DIGIT_NAMES)
