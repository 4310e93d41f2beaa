"""The configurations that Hydra composes, as plain values, and its errors, as one line."""

import re
from typing import Any

from hydra.errors import OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pipeline.settings.composed import known_addresses, suggest
from pipeline.settings.errors import SettingsError
from pipeline.settings.paths import ROOT


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
    if isinstance(error, AssertionError):
        return "an override must be SETTING=VALUE, with a name before the sign"
    return " ".join(_explain(error).split())


def _explain(error: Exception) -> str:
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
    return text


def _choices(group: str) -> str:
    return ", ".join(sorted(file.stem for file in (ROOT / "conf" / group).glob("*.yaml")))


def _one_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
