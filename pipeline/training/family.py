"""What the stages know of a family of two-part models: this, and nothing of any one family."""

import gc
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.data.keys import Key
from pipeline.data.mnist import Splits
from pipeline.models.precision import computing_in
from pipeline.settings.composed import Settings

Values = dict[Key, float]
Score = tuple[float, ...]
Parts = Mapping[str, keras.Model]
Examples = dict[str, dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Report:
    """How a training stands at a step.

    Attributes:
        step: Steps taken.
        values: Held-out figures by key, such as `heldout/hard/generator/loss`.
        score: What the best report has the least of, the first number before the second; none where nothing may be
            selected.
        warnings: What a person should know at once.
    """

    step: int
    values: Values
    score: Score | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What an independent judge says of generated digits at a report.

    Attributes:
        values: Figures by key, such as `heldout/accuracy`.
        references: What real digits score, by key, such as `reference/accuracy`; one for each figure.
        score: What a report without a score of its own is judged by; none where nothing may be selected.
    """

    values: Values
    references: Values
    score: Score | None


@dataclass(frozen=True, eq=False)
class Generated:
    """Digits that a composition made.

    Attributes:
        images: float32 `(n, 28, 28, 1)` in [-1, 1].
        digits: The digits asked for, 0 to 9, int32 `(n,)`; none of a family that cannot be asked for one.
    """

    images: NDArray[np.float32]
    digits: NDArray[np.int32] | None

    @property
    def asked(self) -> NDArray[np.int32]:
        """The digits asked for, where some were.

        Raises:
            ValueError: None was.
        """
        if self.digits is None:
            raise ValueError("`generated` must have the digits that were asked for. Received: none")
        return self.digits


@dataclass(frozen=True)
class Picture:
    """Tiles of images, in blocks side by side.

    Attributes:
        blocks: Each `(rows, columns, height, width)` in [-1, 1].
        headings: What each block shows.
    """

    blocks: Sequence[NDArray[np.float32]]
    headings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points of a plane, coloured by digit.

    Attributes:
        points: float32 `(n, 2)`.
        digits: Whole numbers 0 to 9, `(n,)`.
        title: The line above.
        axes: What the two numbers are.
    """

    points: NDArray[np.float32]
    digits: NDArray[np.integer[Any]]
    title: str
    axes: tuple[str, str]


Pictures = dict[str, Picture | Scatter]


class Training(ABC):
    """A composition in training.

    Attributes:
        images_per_step: Real images a step draws.
        images_per_epoch: Real images in an epoch.
    """

    images_per_step: int
    images_per_epoch: int

    @abstractmethod
    def take_step(self, step: int) -> Values:
        """Takes step `step`, counted from 0, and gives its losses, such as `train/generator/loss`."""

    @abstractmethod
    def report(self, step: int, recent: Values) -> Report:
        """Reports after `step` steps; `recent` holds the mean training losses since the last report."""

    @abstractmethod
    def samples(self) -> NDArray[np.float32]:
        """Draws tiles `(rows, columns, height, width)` in [-1, 1] from inputs that are always the same."""

    def generate(self, count: int) -> Generated:
        """Makes digits from inputs that are always the same, and of no step's.

        Args:
            count: How many.

        Raises:
            NotImplementedError: The family's `generate` is none: it makes no digits on demand.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `generate` where its family has one")

    @abstractmethod
    def variables(self) -> dict[str, keras.Variable]:
        """Gives all that a step reads and changes, each under a name that is the same in every process."""

    @abstractmethod
    def parts(self) -> Parts:
        """Gives the models to keep, by name; the last is the composition of those before it."""


@dataclass(frozen=True)
class Family:
    """One family's entry: what the stages call.

    Attributes:
        build: Makes a training from the settings and the data.
        evaluate: Scores kept parts on the test split; figures by key, `test/COMPONENT/LOSS` or `test/LOSS`, with a
            scheme between where there are several, such as `test/hard/generator/loss`.
        pictures: Tiles and scatters from kept parts and real images, by the picture's name.
        headline: Keys of the figures that a sweep's table shows; they must compare between the settings swept.
        example: A small batch of named inputs for each part.
        generate: Makes so many digits from kept parts, on draws of its own; none where the family makes none on demand.
        encode: The codes `(n, size)` that parts give of uint8 images `(n, 28, 28)`; none where codes are not what the
            family is judged by. The evaluation sets its reconstructions beside those of simpler codes.
        trade_off: Keys of the figures that a sweep's picture sets against each other: one along it, one up it, and one
            beside them; none where there is no picture.
        scheme: The scheme of the held-out losses that compare with those of the training; empty where there is one.
        unit: What the losses are measured in.
        units: What losses of these names are measured in instead.
    """

    build: Callable[[Settings, Splits], Training]
    evaluate: Callable[[Parts, Splits, Settings], Values]
    pictures: Callable[[Parts, Splits, Settings], Pictures]
    example: Callable[[Settings], Examples]
    headline: tuple[Key, ...]
    generate: Callable[[Parts, Settings, int], Generated] | None = None
    encode: Callable[[Parts, NDArray[np.uint8], Settings], NDArray[np.float32]] | None = None
    trade_off: tuple[Key, Key, Key] | None = None
    scheme: str = ""
    unit: str = "nats"
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def spoken_units(self) -> str:
        """All units in a phrase: `squared error a pixel, bce in nats a pixel`."""
        return ", ".join([self.unit, *(f"{loss} in {unit}" for loss, unit in self.units.items())])


def find_family(name: str) -> Family:
    """Finds a family by its name: `FAMILY` of `pipeline/training/NAME.py`."""
    family: Family = import_module(f"pipeline.training.{name}").FAMILY
    return family


def named_variables(holders: Mapping[str, Any]) -> dict[str, keras.Variable]:
    """Names the variables of models and optimisers by their owner and place, the same in every process.

    Learning rates are left out: they are settings or functions of the step, and a longer training may have others.
    """
    return {
        f"{owner}/{number:02d}": variable
        for owner, holder in holders.items()
        for number, variable in enumerate(holder.variables)
        if variable is not getattr(holder, "learning_rate", None)
    }


def build_training(family: Family, settings: Settings, splits: Splits) -> Training:
    """Makes a training of a family that computes in `compute.precision`."""
    with computing_in(settings.compute.precision):
        return family.build(settings, splits)


def clear_models() -> None:
    """Frees what Keras keeps of every model built in this process, as between the jobs of a sweep."""
    keras.backend.clear_session()
    gc.unfreeze()
    gc.collect()
