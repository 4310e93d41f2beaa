"""The contract between a family of two-part models and the stages, which know nothing else of a family."""

import gc
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Generic

import keras
import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeVar

from pipeline.data.dataset import Splits
from pipeline.data.keys import Key
from pipeline.models.precision import computing_in
from pipeline.settings.composed import Settings
from pipeline.settings.family import FamilySettings
from pipeline.training.pictures import Pictures

Model = TypeVar("Model", bound=FamilySettings, default=Any)
Values = dict[Key, float]
Score = tuple[float, ...]
Parts = Mapping[str, keras.Model]
Examples = dict[str, dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Report:
    """A family's own report on a training.

    Attributes:
        step: Number of steps taken.
        values: Held-out losses by key, such as `heldout/hard/generator/loss`.
        score: Numbers of which the best report has the lowest, compared in order; None if the family cannot choose.
        warnings: Warnings for the user, one line each.
    """

    step: int
    values: Values
    score: Score | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportQuality:
    """An independent judge's measures of generated digits at a report.

    Attributes:
        values: Measures by key, such as `heldout/accuracy`.
        references: The same measures of real digits, by key, such as `reference/accuracy`.
        score: The score of a report that has none of its own; None if no report may be chosen.
    """

    values: Values
    references: Values
    score: Score | None


@dataclass(frozen=True, eq=False)
class Generated:
    """Digits that a composition generated.

    Attributes:
        images: float32 `(n, height, width, channels)` in [-1, 1].
        digits: The requested digits, 0 to classes - 1, int32 `(n,)`; None if the family cannot generate a digit on
            request.
    """

    images: NDArray[np.float32]
    digits: NDArray[np.int32] | None

    @property
    def asked(self) -> NDArray[np.int32]:
        """The requested digits; without any a ValueError is raised."""
        if self.digits is None:
            raise ValueError("`generated` must have the digits that were asked for. Received: none")
        return self.digits


class Training(ABC):
    """A composition in training, with `images_per_step` and `images_per_epoch` real images in a step and an epoch."""

    images_per_step: int
    images_per_epoch: int
    steps_per_call: int = 1

    @abstractmethod
    def take_steps(self, step: int, count: int) -> list[Values]:
        """Takes `count` steps, `steps_per_call` at most, from `step` on, which is counted from 0.

        Returns the losses of each, such as `train/generator/loss`.
        """

    def take_step(self, step: int) -> Values:
        """Takes one step and returns its losses; see `take_steps`."""
        return self.take_steps(step, 1)[0]

    @abstractmethod
    def report(self, step: int, recent: Values) -> Report:
        """Scores held-out images after `step` steps; `recent` are the mean training losses since the last report."""

    @abstractmethod
    def samples(self) -> NDArray[np.float32]:
        """Generates tiles in [-1, 1] from inputs that never change.

        They are `(rows, columns, height, width)`, in colour with channels behind.
        """

    def generate(self, count: int) -> Generated:
        """Generates `count` digits from inputs that never change and that no step uses.

        Raises:
            NotImplementedError: The family has no `generate`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `generate` where its family has one")

    @abstractmethod
    def variables(self) -> dict[str, keras.Variable]:
        """Returns all variables that a step reads or changes, under names that are the same in every process."""

    @abstractmethod
    def parts(self) -> Parts:
        """Returns the models to save, by name; the last one is the composition of the others."""


@dataclass(frozen=True)
class Family(Generic[Model]):
    """One family's functions and names, for the stages; `Family[VaeSettings]` is that of the VAE.

    Attributes:
        build: Builds a training from the settings and the data.
        evaluate: Scores saved parts on the test split; losses by key, such as `test/loss`, `test/hard/generator/loss`.
        pictures: Draws tiles and scatters from saved parts and real images, by the picture's name.
        example: Builds a small batch of named inputs for each half.
        headline: Keys of the metrics in a sweep's table, 12 at most; they must be comparable between the settings that
            are swept. An evaluation writes the same measures of the test images to `metrics.json`.
        generate: Generates a number of digits from saved parts, on draws of its own; None if the family cannot.
        ask: Generates the digits asked for, int32 `(n,)`, as images `(n, height, width, channels)` in [-1, 1]; None if
            the family cannot. The latents are a function of `seed` and of an image's place.
        walk: Generates the way from one digit to another, in a number of images, of one latent; None if the family
            cannot.
        encode: Codes `(n, size)` of uint8 images `(n, height, width)`, in colour with channels behind, to compare with
            simpler codes; None for no comparison.
        higher_is_better: Names of its own headline metrics of which more is better, such as `psnr`; of the others less
            is, but for the judge's, whose directions are known.
        no_quality: Names of headline metrics of which neither more nor less is better.
        trade_off: Keys of three metrics in a sweep's picture: along it, up it, and beside them; None for no picture.
        scheme: Scheme of the held-out losses that are comparable with the training's; empty if there is only one.
        unit: Unit of the losses but those of `units`, which have their own, by name.
    """

    build: Callable[[Settings[Model], Splits], Training]
    evaluate: Callable[[Parts, Splits, Settings[Model]], Values]
    pictures: Callable[[Parts, Splits, Settings[Model]], Pictures]
    example: Callable[[Settings[Model]], Examples]
    headline: tuple[Key, ...]
    generate: Callable[[Parts, Settings[Model], int], Generated] | None = None
    ask: Callable[[Parts, Settings[Model], NDArray[np.int32]], NDArray[np.float32]] | None = None
    walk: Callable[[Parts, Settings[Model], tuple[int, int], int], NDArray[np.float32]] | None = None
    encode: Callable[[Parts, NDArray[np.uint8], Settings[Model]], NDArray[np.float32]] | None = None
    higher_is_better: frozenset[str] = frozenset()
    no_quality: frozenset[str] = frozenset()
    trade_off: tuple[Key, Key, Key] | None = None
    scheme: str = ""
    unit: str = "nats"
    units: Mapping[str, str] = field(default_factory=dict)

    def spoken_units(self, losses: Iterable[Key]) -> str:
        """The units of some losses in one phrase: `squared error per pixel, bce in nats per pixel`."""
        shown = {key.measure for key in losses}
        return ", ".join([self.unit, *(f"{loss} in {unit}" for loss, unit in self.units.items() if loss in shown)])


def find_family(name: str) -> Family[Any]:
    """Returns a family by its name: `FAMILY` in `pipeline/training/NAME.py`, or in the package of that name."""
    family: Family[Any] = import_module(f"pipeline.training.{name}").FAMILY
    return family


def named_variables(holders: Mapping[str, Any]) -> dict[str, keras.Variable]:
    """Names the variables of models and optimisers by owner and position, such as `generator/03`, in every process.

    Learning rates are left out: they are settings or functions of the step, and a longer training may have others.
    """
    named = {}
    for owner, holder in holders.items():
        rate = getattr(holder, "learning_rate", None)  # read once, since a schedule computes it each time
        for number, variable in enumerate(holder.variables):
            if variable is not rate:
                named[f"{owner}/{number:02d}"] = variable
    return named


def build_training(family: Family[Model], settings: Settings[Model], splits: Splits) -> Training:
    """Builds a training of a family, whose layers compute in `compute.precision`."""
    with computing_in(settings.compute.precision):
        return family.build(settings, splits)


def clear_models() -> None:
    """Frees what Keras keeps of every model built in this process, as between the jobs of a sweep."""
    keras.backend.clear_session()
    gc.unfreeze()
    gc.collect()
