"""What a person types, as Hydra reads it; what Hydra composes, as plain values; its errors, as one line."""

import os
import re
import shlex
from collections.abc import Sequence
from typing import Any

import hydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Quote, QuotedString
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pipeline.settings.addresses import suggest
from pipeline.settings.composed import Settings, known_addresses, list_addresses, text_addresses, validate
from pipeline.settings.errors import SettingsError
from pipeline.settings.paths import CHOICES, NUMBERS

TEXTS = frozenset({*text_addresses(), "hydra.run.dir", "hydra.sweep.dir"})
# Hydra, which looks for params.yaml beside the folder `runs`, would take the short name for a choice of that folder.
SHORT = {"runs": "compare.runs"}
LISTS, TEXT = frozenset(list_addresses()), re.compile(r"""[^\s,'"\[\]]+""")
OF_HYDRA = {"hydra/launcher": {"basic"}}  # choices that are no file under conf/
EXAMPLE = "'acgan.soft_label={real: 0.9, trick: 0.9}'"


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
    os.environ["PIPELINE_ROOT"] = str(NUMBERS.parent)
    try:
        with hydra.initialize_config_dir(str(CHOICES), version_base="1.3"):
            return plain(hydra.compose("config", list(overrides)))
    except (HydraException, OmegaConfBaseException) as error:
        raise SettingsError(explain(error)) from error


def task_overrides(config: Any) -> tuple[str, ...]:
    """Returns a command's overrides as typed, interpolations unresolved, from Hydra's own configuration.

    Those of the block `sweep` are left out.
    """
    lines: Any = OmegaConf.to_container(config.overrides.task, resolve=False)
    return without_place(lines)


def hydra_overrides(config: Any, *starts: str) -> tuple[str, ...]:
    """Returns a command's overrides of Hydra's own settings that start so, as typed: Hydra keeps them apart."""
    lines: Any = OmegaConf.to_container(config.overrides.hydra, resolve=False)
    return tuple(line for line in lines if line.lstrip("+").startswith(starts))


def without_place(overrides: Sequence[str]) -> tuple[str, ...]:
    """Returns overrides without those of the block `sweep`, which say nothing of what a job does."""
    return tuple(override for override in overrides if not override.lstrip("+").startswith("sweep."))


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


def read_values(text: str) -> dict[str, Any]:
    """Returns the values of a text such as params.yaml's, in blocks, as Hydra reads them: `4e-3` is a number."""
    values: Any = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
    return {str(key): value for key, value in values.items()}


def quote_texts(words: Sequence[str]) -> list[str]:
    """Returns a command's words with texts in the quotes that Hydra needs: `label=2026` becomes `label="2026"`.

    A shell takes the quotes that a person types, and Hydra would read a number, a list or no sense at all. What Hydra
    reads as a text, an interpolation, null or choices of these is not quoted; of other choices each is. A setting of
    several texts becomes a list: `runs=12e3,ab` is `compare.runs=["12e3","ab"]`.
    """
    return [_quoted(word) for word in words]


def _quoted(word: str) -> str:
    address, equals, value = word.partition("=")
    address = SHORT.get(address, address)
    if equals and address.lstrip("+") in LISTS:
        return f"{address}=[{','.join(map(quote, TEXT.findall(value)))}]"
    return f"{address}={_as_text(address, value)}" if equals and address.lstrip("+") in TEXTS else word


def _as_text(address: str, value: str) -> str:
    try:
        read = _read(f"{address}={value}")
    except (OverrideParseException, ValueError):  # or more digits than Python reads as one number
        several = "," in value
    else:
        listed = read.list if isinstance(read, ChoiceSweep) else [read]
        if all(one is None or isinstance(one, str | QuotedString) for one in listed):
            return value
        several = isinstance(read, ChoiceSweep)
    return ",".join(_as_text(address, choice.strip()) for choice in value.split(",")) if several else quote(value)


def quote(text: str) -> str:
    """Returns a text in double quotes, from which Hydra reads it whatever it holds; `null` stays."""
    return text if text.lower() == "null" else QuotedString(text, Quote.double).with_quotes()


def explain(error: Exception) -> str:
    """Returns an error of Hydra or OmegaConf as one line that names the setting."""
    if isinstance(error, AssertionError):
        return "an override must be SETTING=VALUE, with a name before the sign"
    if isinstance(error, TypeError):  # Hydra looks for the file of a list, as in model=[0]
        return "a choice must be the name of a file under conf/, as in model=vae"
    if isinstance(error, OSError) and error.filename:  # Hydra makes the folder of runs first
        return f"{error.filename} cannot be written: {error.strerror}"
    return " ".join(_explain(error).split())


def _explain(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OverrideParseException):
        return (
            f"`{error.override}` must be SETTING=VALUE, in single quotes where it holds spaces or brackets, as in "
            f"{EXAMPLE}: {_one_line(error)}"
        )
    if several := re.search(r"Ambiguous value for argument '(.*)'", text):
        return _explain_several(several[1])
    if unknown := re.search(r"Could not override '([^']+)'", text):
        address = getattr(error.__cause__, "full_key", None) or unknown[1]
        choices = f"has no choice yet: write +{address}=CHOICE, with the + ({_choices(address)})"
        unknown_one = f"is not a setting{suggest(address, known_addresses())}"
        return f"`{address}` {choices if _choices(address) else unknown_one}"
    if twice := re.search(r"Multiple values for ([\w/]+)", text):
        return f"`{twice[1]}` has a choice already: write {twice[1]}=CHOICE, without the +"
    if missing := re.search(r"Could not find '([^']+)/([^'/]*)'", text):
        return f"`{missing[1]}` must be one of conf/{missing[1]} ({_choices(missing[1])}). Received: {missing[2]}"
    return text


def _explain_several(word: str) -> str:
    address, _, value = word.partition("=")
    advice = f"`{word}` lists values: add --multirun for a job each"
    if address.lstrip("+") in TEXTS:
        read = _read(word)
        one = ",".join(choice.text if isinstance(choice, QuotedString) else str(choice) for choice in read.list)
        return f"{advice}, or type {shlex.quote(f'{address}={quote(one)}')} for one text"
    if _choices(address.lstrip("+")):
        return advice
    return f"{advice}, or type {shlex.quote(f'{address}=[{value}]')} for one list"


def _read(word: str) -> Any:
    return OverridesParser.create().parse_overrides([word])[0].value()


def _choices(group: str) -> str:
    names = {file.stem for file in (CHOICES / group).glob("*.yaml")} | OF_HYDRA.get(group, set())
    return ", ".join(sorted(names))


def _one_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
