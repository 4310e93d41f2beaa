"""Settings of the promotion of a trained generator."""

from typing import Annotated

from pydantic import Field

from pipeline.settings.frozen import Frozen


class PromoteSettings(Frozen):
    """The rule by which a registered generator becomes the champion.

    Attributes:
        name: The registered model's name.
        seeds: Seeds of the setting that must be trained, of the champion's as well.
        confidence: Confidence of all intervals: of a measure over seeds, and of real digits' accuracy.
    """

    name: Annotated[str, Field(min_length=1, pattern=r"^[^/:@]+$")]
    seeds: Annotated[int, Field(ge=3)]
    confidence: Annotated[float, Field(ge=0.5, lt=1)]
