"""Settings of the promotion of a trained generator."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.settings.frozen import Frozen


def _known_name(value: str) -> str:
    if re.fullmatch("[^/:@]+", value):
        return value
    raise ValueError("must be a name without /, : and @")


class PromoteSettings(Frozen):
    """The rule by which a registered generator becomes the champion.

    Attributes:
        name: The registered model's name.
        seeds: Seeds of the setting that must be trained, of the champion's as well.
        confidence: Confidence of all intervals: of a measure over seeds, and of real digits' accuracy.
    """

    name: Annotated[str, AfterValidator(_known_name)]
    seeds: Annotated[int, Field(ge=3)]
    confidence: Annotated[float, Field(ge=0.5, lt=1)]
