"""The whole of what a command is set to, validated in one place before anything heavy is imported."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated, Any

from pydantic import Field, ValidationError

import pipeline.settings
from pipeline.settings.compute import ComputeSettings
from pipeline.settings.data import DataSettings
from pipeline.settings.errors import SettingsError
from pipeline.settings.family import FamilySettings, family_settings, has_family
from pipeline.settings.frozen import Frozen
from pipeline.settings.judge import JudgeSettings
from pipeline.settings.stages import EvaluateSettings, RenderSettings, TrackingSettings


class Settings(Frozen):
    """Everything a stage reads.

    Attributes:
        family: The family of models, chosen by `model=NAME`.
        model: The family's own block of `params.yaml`.
        seed: Every draw of a run is a function of it.
        data: Where MNIST comes from and how it is split.
        judge: The judge, and the sizes of the samples that it compares.
        compute: What the steps of a training are computed by and in.
        evaluate: What the evaluation scores.
        render: What the pictures show.
        tracking: How runs are logged.
        label: Marks runs that are not to be taken for real ones (`smoke`).
        start_from: A finished run's folder from which a longer training starts.
        run: The run's folder that evaluate and render read; null for the one that DVC tracks.
    """

    family: str
    model: FamilySettings
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    data: DataSettings
    judge: JudgeSettings
    compute: ComputeSettings
    evaluate: EvaluateSettings
    render: RenderSettings
    tracking: TrackingSettings
    label: str | None
    start_from: Path | None = Field(strict=False)
    run: Path | None = Field(strict=False)

    def parameters(self) -> dict[str, Any]:
        """What decides a training, as `params.yaml` addresses it: `{"acgan.soft_label.real": 0.95, …}`."""
        blocks = {
            "seed": self.seed,
            "data": self._training_data(),
            "judge": self.judge.model_dump(mode="json"),
            "compute": self.compute.model_dump(mode="json", exclude={"jobs"}),
            self.family: self.model.model_dump(mode="json"),
        }
        return dict(_flatten(blocks))

    def of_training(self) -> dict[str, Any]:
        """What decides a training, in blocks, for `with_training` to read."""
        return {
            "seed": self.seed,
            "label": self.label,
            "data": {"validation": self.data.validation},
            "compute": {"precision": self.compute.precision},
            self.family: self.model.model_dump(mode="json"),
        }

    def with_training(self, blocks: Mapping[str, Any]) -> "Settings":
        """Gives these settings with those that `of_training` gave of another training."""
        return self.model_copy(
            update={
                "seed": blocks["seed"],
                "label": blocks["label"] or self.label,
                "data": self.data.model_copy(update=blocks["data"]),
                "compute": self.compute.model_copy(update=blocks["compute"]),
                "model": family_settings(self.family).model_validate(blocks[self.family]),
            }
        )

    def digest(self) -> str:
        """SHA-256 of `parameters()` and the label, 64 hexadecimal digits."""
        content = json.dumps([self.parameters(), self.family, self.label], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def _training_data(self) -> dict[str, Any]:
        return {"validation": self.data.validation, "limit": self.data.limit}


def validate(composed: Mapping[str, Any]) -> Settings:
    """Makes the settings of a command from a composed configuration.

    Args:
        composed: Plain values, a block a key, as `conf/config.yaml` and `params.yaml` give them.

    Returns:
        The validated settings.

    Raises:
        SettingsError: A key is unknown, a value of the wrong type or out of range; the text names the address, the
            value and what is allowed.
    """
    family = composed.get("family")
    if not isinstance(family, str):
        raise SettingsError(f"`model` must name a family, as in model=acgan. Received: {family}")
    blocks = {key: value for key, value in composed.items() if not has_family(key)}
    try:
        model = family_settings(family).model_validate(composed.get(family))
    except ValidationError as error:
        raise SettingsError(_explain(error, (family,), family_settings(family))) from None
    try:
        return Settings.model_validate({**blocks, "model": model})
    except ValidationError as error:
        raise SettingsError(_explain(error, (), Settings)) from None


def _explain(error: ValidationError, prefix: tuple[str, ...], model: type[Frozen]) -> str:
    return "; ".join(_explain_one(detail, prefix, model) for detail in error.errors(include_url=False))


def _explain_one(detail: Any, prefix: tuple[str, ...], model: type[Frozen]) -> str:
    path = (*prefix, *map(str, detail["loc"]))
    address, received = ".".join(path), f"Received: {detail['input']!r}"
    match detail["type"]:
        case "extra_forbidden":
            return f"`{address}` is not a setting{suggest(address, _addresses(prefix, model))}"
        case "missing" if path[-1].isdigit():
            wanted = f"`{'.'.join(path[:-1])}` must have more numbers"
        case "missing":
            return f"`{address}` is missing: give it a value in params.yaml"
        case "value_error" if detail["loc"]:
            wanted = f"`{address}` {detail['ctx']['error']}"
        case "value_error":
            name, rest = str(detail["ctx"]["error"]).split(" ", 1)
            return f"`{'.'.join((*path, name))}` {rest}"
        case "path_type":
            wanted = f"`{address}` must be a path"
        case "model_type":
            wanted = f"`{address}` must be a block of settings"
        case _:
            wanted = f"`{address}` " + re.sub(r"^\w+ should ", "must ", detail["msg"])
    return f"{wanted}. {received}"


def suggest(address: str, known: list[str]) -> str:
    """Gives `": did you mean …?"` where a known address is close to a mistyped one, else nothing."""
    close = get_close_matches(address, known, n=1, cutoff=0.75)
    return f": did you mean `{close[0]}`?" if close else ""


def known_addresses() -> list[str]:
    """Gives the address of every setting of every family."""
    families = [module.name for module in iter_modules(pipeline.settings.__path__) if has_family(module.name)]
    addresses = _addresses((), Settings)
    for family in families:
        addresses += _addresses((family,), family_settings(family))
    return addresses


def _addresses(prefix: tuple[str, ...], model: type[Frozen]) -> list[str]:
    addresses = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Frozen):
            addresses += _addresses((*prefix, name), kind)
        addresses.append(".".join((*prefix, name)))
    return addresses


def _flatten(block: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in block.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
