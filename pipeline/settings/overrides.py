"""The configurations that Hydra composes, as plain values, and its errors, as one line."""

import os
import re
from collections.abc import Sequence
from typing import Any

import hydra
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pipeline.settings.composed import Settings, known_addresses, suggest, validate
from pipeline.settings.errors import SettingsError
from pipeline.settings.paths import ROOT


def compose_settings(overrides: Sequence[str] = ()) -> Settings[Any]:
    """Composes and validates the settings of a command from its words, such as `["model=vae", "vae.steps=300"]`.

    It works in any folder, as in a notebook.

    Raises:
        SettingsError: A word is no override, or the settings are not sound.
    """
    return validate(compose_values(overrides))


def compose_values(overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Composes the values of a command as `compose_settings` does, not yet validated.

    Raises:
        SettingsError: A word is no override, or a value is missing.
    """
    os.environ["PIPELINE_ROOT"] = str(ROOT)
    try:
        with hydra.initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            return plain(hydra.compose("config", list(overrides)))
    except (HydraException, OmegaConfBaseException) as error:
        raise SettingsError(explain(error)) from error


def task_overrides(config: Any) -> tuple[str, ...]:
    """Returns a command's overrides as typed, interpolations unresolved, from Hydra's own configuration."""
    lines: Any = OmegaConf.to_container(config.overrides.task, resolve=False)
    return tuple(lines)


def plain(composed: DictConfig) -> dict[str, Any]:
    """Returns a composed configuration as plain values.

    Raises:
        SettingsError: A value is missing or cannot be resolved.
    """
    try:
        values: Any = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise SettingsError(f"`{error.full_key}` has no value: {_one_line(error)}") from None
    return {str(key): value for key, value in values.items()}


def explain(error: Exception) -> str:
    """Returns an error of Hydra or OmegaConf as one line that names the setting."""
    text = str(error)
    if isinstance(error, OverrideParseException):
        return f"`{error.override}` must be SETTING=VALUE, quoted where it holds spaces or brackets: {_one_line(error)}"
    if unknown := re.search(r"Could not override '([^']+)'", text):
        address = getattr(error.__cause__, "full_key", None) or unknown[1]
        if choices := _choices(address):
            return f"`{address}` has no choice yet: write +{address}=CHOICE, with the + ({choices})"
        return f"`{address}` is not a setting{suggest(address, known_addresses())}"
    if twice := re.search(r"Multiple values for (\w+)", text):
        return f"`{twice[1]}` has a choice already: write {twice[1]}=CHOICE, without the +"
    if missing := re.search(r"Could not find '([^']+)/([^'/]*)'", text):
        return f"`{missing[1]}` must be one of conf/{missing[1]} ({_choices(missing[1])}). Received: {missing[2]}"
    return " ".join(text.split())


def _choices(group: str) -> str:
    return ", ".join(sorted(file.stem for file in (ROOT / "conf" / group).glob("*.yaml")))


def _one_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
