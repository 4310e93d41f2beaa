"""Settings of the autoencoder family."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.settings.convolutional import NARROWEST, ConvolutionalSettings


class AutoencoderSettings(ConvolutionalSettings):
    """The autoencoder on MNIST: its networks, which half learns, and the length of a training.

    Attributes:
        dim: Numbers in the code.
        width: Base of the numbers of filters, so that a small code need not mean a small network. Null for `dim`, which
            must then be a multiple of 16.
    """

    dim: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)] | None

    @model_validator(mode="after")
    def _whole_filters(self) -> Self:
        if self.base_filters % NARROWEST:
            address = "dim must, where width is null," if self.width is None else "width must"
            raise ValueError(f"{address} be a multiple of 16, the base of the filters. Received: {self.base_filters}")
        return self

    @property
    def code_size(self) -> int:
        """Numbers in the code: `dim`."""
        return self.dim

    @property
    def base_filters(self) -> int:
        """Filters of the encoder's last and the decoder's first map: `width`, or `dim` if `width` is null."""
        return self.dim if self.width is None else self.width
