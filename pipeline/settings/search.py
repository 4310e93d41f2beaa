"""Settings of a search: `hydra.sweeper.search`, in the files of conf/search."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from pipeline.settings.addresses import explain
from pipeline.settings.errors import SettingsError
from pipeline.settings.frozen import Frozen

ADDRESS = "hydra.sweeper.search"
WITHIN = (3 - 5**0.5) / 2  # irrational, so that no range of whole numbers has a whole one there
Measures = Annotated[tuple[str, ...], Field(strict=False)]


class Range(Frozen):
    """The values of one setting that a search tries.

    Attributes:
        low: The lowest.
        high: The highest.
        step: The distance between two values; null for any value between.
        log: Whether ratios count rather than differences.
    """

    low: float
    high: float
    step: Annotated[float, Field(gt=0)] | None = None
    log: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low < self.high:
            raise ValueError("must have a low below its high")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("must not be logarithmic where low is 0 or less, nor with a step")
        return self

    @property
    def between(self) -> float:
        """A value within; no whole number where the range holds others."""
        return self.low + (self.step or (self.high - self.low) * WITHIN)


class TrialPlace(Frozen):
    """Which trial a job is, written by the sweeper: its number, its id in the storage, and the study."""

    number: int
    id: int
    study: str

    @property
    def as_override(self) -> str:
        """The place as Hydra reads it."""
        return f'{{number: {self.number}, id: {self.id}, study: "{self.study}"}}'


class SearchSettings(Frozen):
    """Settings of a search.

    Attributes:
        trials: Trials of the whole search, with those of earlier commands.
        storage: Where Optuna keeps them, an SQLAlchemy URL; a path of SQLite that is relative starts at the project.
        maximize: Measures on the validation images that shall be high, such as `accuracy`.
        minimize: Measures that shall be low. With several measures a search looks for their Pareto front.
        space: The ranges of the settings that are searched, by address.
        trial: Which trial a job is; null in a command.
    """

    trials: Annotated[int, Field(ge=1)]
    storage: Annotated[str, Field(min_length=1)]
    maximize: Measures
    minimize: Measures
    space: dict[str, Range]
    trial: TrialPlace | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.objectives or len(set(self.objectives)) < len(self.objectives):
            raise ValueError(f"maximize and minimize must name measures, each once. Received: {self.objectives}")
        if not self.space:
            raise ValueError("space must hold a setting with its range. Received: none")
        return self

    @property
    def objectives(self) -> tuple[str, ...]:
        """The measures, those to maximise first."""
        return self.maximize + self.minimize

    @property
    def directions(self) -> dict[str, bool]:
        """The measures, and whether each shall be high."""
        return {name: name in self.maximize for name in self.objectives}

    @property
    def identity(self) -> dict[str, Any]:
        """What tells one search from another, beside the settings that all its trials have."""
        return self.model_dump(mode="json", include={"maximize", "minimize", "space"})


def read_search(block: Mapping[str, Any]) -> SearchSettings:
    """Validates the block of a search.

    Raises:
        SettingsError: A value is wrong; the text names its address.
    """
    try:
        return SearchSettings.model_validate(block)
    except ValidationError as error:
        raise SettingsError(explain(error, tuple(ADDRESS.split(".")), SearchSettings)) from None
