"""Settings that the families of a convolutional encoder and decoder share."""

from abc import ABC, abstractmethod
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator

from pipeline.settings.family import FamilySettings
from pipeline.settings.images import ImageFormat

HALVINGS = 5
NARROWEST = 16  # the narrowest block has a sixteenth of the base's filters


class ConvolutionalSettings(FamilySettings, ABC):
    """An encoder of five convolutions that halve the image, and a decoder that doubles it five times.

    Attributes:
        mode: Which half learns: both (`joint`), the `encoder` or the `decoder` alone while the other keeps every bit,
            or both in turn, one step each (`alternate`).
        image_size: Height and width in pixels that the images are padded to, a multiple of 32.
        channels: 1 for grey, 3 for the same grey in red, green and blue; images in colour have 3 anyway.
        learning_rate: Adam's learning rate; the highest one if it decays.
        decay_steps: Steps over which the learning rate falls to 0 along a cosine; null keeps it constant.
        batch_norm_momentum: Momentum of the moving averages of batch normalisation.
    """

    mode: Literal["joint", "encoder", "decoder", "alternate"]
    image_size: Annotated[int, Field(ge=1, le=256)]
    channels: Literal[1, 3]
    learning_rate: Annotated[float, Field(gt=0, lt=1)]
    decay_steps: Annotated[int, Field(ge=1)] | None
    batch_norm_momentum: Annotated[float, Field(gt=0, lt=1)]

    @field_validator("image_size")
    @classmethod
    def _comes_back(cls, size: int) -> int:
        smallest = -(-size // 2**HALVINGS)
        if smallest * 2**HALVINGS != size:
            raise ValueError(
                f"must be a multiple of {2**HALVINGS}, such as 32, 64, 96 or 128: five halvings and doublings make "
                f"{size} → {smallest} → {smallest * 2**HALVINGS}"
            )
        return size

    def for_format(self, format: ImageFormat) -> Self:
        """Returns these settings with the channels that images of a form need."""
        return self if format.channels <= self.channels else self.model_copy(update={"channels": format.channels})

    @property
    @abstractmethod
    def code_size(self) -> int:
        """Numbers that the decoder takes."""

    @property
    @abstractmethod
    def base_filters(self) -> int:
        """Filters of the widest convolutions, a multiple of 16; they halve with each block away from the code."""
