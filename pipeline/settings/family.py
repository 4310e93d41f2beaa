"""Settings that every family of models has, and the settings of a family by its name."""

from importlib import import_module
from importlib.util import find_spec
from inspect import isabstract
from typing import Annotated, ClassVar, Self

from pydantic import Field

from pipeline.settings.errors import SettingsError
from pipeline.settings.frozen import Frozen
from pipeline.settings.images import ImageFormat


class FamilySettings(Frozen):
    """The length and the reports of a training.

    Attributes:
        steps: Steps of the whole training.
        report_every: Steps between two reports (held-out losses, pictures, a candidate for the best weights); the
            last step is always reported.
        report_images: Maximum number of held-out images that a report scores.
        keep_every_report: Whether the weights of every report are kept, not only those of the best and the last.
        batch_size: Real images in a step.
        draws: What the family draws on request, of the names in `DrawingRequest`: `count` of one that generates digits,
            the others of one that generates the digit asked for.
    """

    draws: ClassVar[tuple[str, ...]] = ()

    steps: Annotated[int, Field(ge=1)]
    report_every: Annotated[int, Field(ge=1)]
    report_images: Annotated[int, Field(ge=10)]
    keep_every_report: bool
    batch_size: Annotated[int, Field(ge=2)]

    def for_format(self, format: ImageFormat) -> Self:
        """Returns these settings for images of a form; the same ones, unless a family has any that depend on it."""
        return self


def has_family(name: str) -> bool:
    """Whether `pipeline/settings/NAME.py` defines a family's settings."""
    return _find(name) is not None


def family_settings(name: str) -> type[FamilySettings]:
    """Returns the class in `pipeline/settings/NAME.py` that is a `FamilySettings`, such as `VaeSettings`.

    Raises:
        SettingsError: There is no such family.
    """
    settings = _find(name)
    if settings is None:
        raise SettingsError(f"`model` must be a family with a file in pipeline/settings. Received: {name}")
    return settings


def _find(name: str) -> type[FamilySettings] | None:
    module = f"pipeline.settings.{name}"
    if not name.isidentifier() or find_spec(module) is None:
        return None
    classes = (each for each in vars(import_module(module)).values() if isinstance(each, type))
    own = (each for each in classes if each.__module__ == module and issubclass(each, FamilySettings))
    return next((each for each in own if not isabstract(each) and each is not FamilySettings), None)
