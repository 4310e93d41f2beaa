"""The settings of a command that is not run yet."""

import os
import shlex
from collections.abc import Sequence
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException

from pipeline.settings.composed import Settings, validate
from pipeline.settings.errors import SettingsError
from pipeline.settings.overrides import plain
from pipeline.settings.paths import ROOT


def compose_values(overrides: Sequence[str]) -> dict[str, Any]:
    """Composes the values of a command from its words after the module; a `SettingsError` where it cannot."""
    os.environ["PIPELINE_ROOT"] = str(ROOT)
    try:
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            return plain(compose("config", list(overrides)))
    except HydraException as error:
        raise SettingsError(f"{shlex.join(overrides)}: {str(error).partition(chr(10))[0]}") from error


def compose_settings(overrides: Sequence[str]) -> Settings:
    """Composes and validates the settings of a command; a `SettingsError` where they are not sound."""
    return validate(compose_values(overrides))
