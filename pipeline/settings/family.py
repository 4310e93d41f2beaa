"""What every family of models is set by, and how a family's settings are found."""

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

from pydantic import Field

from pipeline.settings.errors import SettingsError
from pipeline.settings.frozen import Frozen


class FamilySettings(Frozen):
    """Length and reports of a training, whatever the family.

    Attributes:
        steps: Steps of the whole training.
        report_every: Steps between two reports (held-out losses, pictures, a candidate for the best weights);
            the last step always reports.
        report_images: At most this many held-out images are scored at a report.
        keep_every_report: Whether the weights of every report are kept, not only the best and the last.
        batch_size: Real images in a step.
    """

    steps: Annotated[int, Field(ge=1)]
    report_every: Annotated[int, Field(ge=1)]
    report_images: Annotated[int, Field(ge=10)]
    keep_every_report: bool
    batch_size: Annotated[int, Field(ge=2)]


def has_family(name: str) -> bool:
    """Tells whether `name` is a family: whether `pipeline/settings/NAME.py` defines `Settings` of a family."""
    if not name.isidentifier() or find_spec(f"pipeline.settings.{name}") is None:
        return False
    settings = getattr(import_module(f"pipeline.settings.{name}"), "Settings", None)
    return isinstance(settings, type) and issubclass(settings, FamilySettings)


def family_settings(name: str) -> type[FamilySettings]:
    """Finds the settings of a family by its name.

    Args:
        name: A family, as in `model=NAME`.

    Returns:
        The class `Settings` of `pipeline/settings/NAME.py`.

    Raises:
        SettingsError: No such family.
    """
    if not has_family(name):
        raise SettingsError(f"`model` must be a family with a file in pipeline/settings. Received: {name}")
    settings: type[FamilySettings] = import_module(f"pipeline.settings.{name}").Settings
    return settings
