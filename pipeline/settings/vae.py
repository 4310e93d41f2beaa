"""Settings of the family of variational autoencoders."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from pipeline.settings.convolutional import NARROWEST, ConvolutionalSettings


class VaeSettings(ConvolutionalSettings):
    """The variational autoencoder on MNIST: its networks, which half learns, and the length of a training.

    Attributes:
        latent_size: Numbers in a latent vector; their prior is standard normal.
        width: Base of the numbers of filters, a multiple of 16.
        beta: Weight of the KL divergence in the objective (Higgins et al. 2017); 1 makes the objective the negative
            evidence lower bound.
    """

    draws: ClassVar[tuple[str, ...]] = ("count",)

    latent_size: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]
    beta: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _whole_filters(self) -> Self:
        if self.width % NARROWEST:
            raise ValueError(f"width must be a multiple of 16, the base of the filters. Received: {self.width}")
        return self

    @property
    def code_size(self) -> int:
        """Numbers in a latent vector: `latent_size`."""
        return self.latent_size

    @property
    def base_filters(self) -> int:
        """Filters of the encoder's last and the decoder's first map: `width`."""
        return self.width
