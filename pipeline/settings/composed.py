"""The settings of one command as a whole, validated before anything heavy is imported."""

import hashlib
import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated, Any, Generic, Self, get_args

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator
from typing_extensions import TypeVar

import pipeline.settings
from pipeline.settings.addresses import addresses, explain, fields, leaves
from pipeline.settings.compute import ComputeSettings
from pipeline.settings.data import DataSettings
from pipeline.settings.drawing import DrawingRequest
from pipeline.settings.errors import SettingsError
from pipeline.settings.family import FamilySettings, family_settings, has_family
from pipeline.settings.images import DIGITS, ImageFormat
from pipeline.settings.job import SweepSettings
from pipeline.settings.judge import JudgeSettings
from pipeline.settings.paths import expand_home, require_text
from pipeline.settings.promote import PromoteSettings
from pipeline.settings.stages import DrawSettings, EvaluateSettings, RenderSettings, TrackingSettings

Model_co = TypeVar("Model_co", bound=FamilySettings, default=FamilySettings, covariant=True)


class Settings(DrawingRequest, Generic[Model_co]):
    """Everything a stage reads; `Settings[VaeSettings]` are those of a run of the VAE.

    Attributes:
        family: The family of models, chosen by `model=NAME`.
        model: The family's own block of `params.yaml`.
        seed: The run's seed; every random draw of the run is a function of it.
        data: The origin of the data and their splits.
        judge: The judge, and the sizes of the samples that it compares.
        compute: How the steps of a training are computed.
        evaluate: What the evaluation scores.
        render: What the pictures show.
        draw: How digits are drawn on request; `DrawingRequest` has which.
        promote: The rule by which a registered generator becomes the champion.
        tracking: How runs are logged.
        label: A mark of runs that are no real ones, such as `smoke`; null for real ones.
        start_from: Folder of a finished run from which a longer training starts; null to start anew.
        run: The run that a command such as `evaluate` reads: its folder, its id in MLflow or a registered model,
            `models:/NAME@ALIAS`; null for the one that DVC tracks.
        sweep: Whether a sweep starts afresh, and a job's place in it.
    """

    family: str
    model: Model_co
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    data: DataSettings
    judge: JudgeSettings
    compute: ComputeSettings
    evaluate: EvaluateSettings
    render: RenderSettings
    draw: DrawSettings
    promote: PromoteSettings
    tracking: TrackingSettings
    label: str | None
    start_from: Path | None = Field(strict=False)
    run: Path | None = Field(strict=False)
    sweep: SweepSettings
    # No setting: the data say it, once they are there.
    _format: ImageFormat = PrivateAttr(default=DIGITS)
    _asked: ComputeSettings | None = PrivateAttr(default=None)

    @property
    def format(self) -> ImageFormat:
        """The form of the images: MNIST's, unless `with_format` has said otherwise."""
        return self._format

    def with_format(self, format: ImageFormat) -> Self:
        """Returns these settings for images of a form."""
        changed = self.model_copy(update={"model": self.model.for_format(format)})
        changed._format = format
        return changed

    _not_empty = field_validator("to", "run", "start_from", mode="before")(require_text)
    _in_home = field_validator("to", "run", "start_from")(expand_home)

    @model_validator(mode="after")
    def _check_family(self) -> Self:
        for name in self.requested:
            if name not in self.model.draws:
                can = ", ".join(self.model.draws) or "none"
                raise ValueError(f"{name} must be what {self.family} draws on request ({can}): choose another model=")
        return self

    def parameters(self) -> dict[str, Any]:
        """All values that decide a training, by address: `{"acgan.soft_label.real": 0.95, …}`."""
        blocks = {
            "seed": self.seed,
            "data": {"name": self.data.name, "validation": self.data.validation, "limit": self.data.limit},
            "judge": self.judge.model_dump(mode="json"),
            "compute": self.compute.model_dump(mode="json", exclude={"jobs", "xla_cache"}),
            self.family: self.model.model_dump(mode="json"),
        }
        return dict(leaves(blocks))

    def of_training(self) -> dict[str, Any]:
        """All values that an evaluation takes over from a training, in blocks that `with_training` reads."""
        return {
            "seed": self.seed,
            "label": self.label,
            "data": {"name": self.data.name, "validation": self.data.validation},
            "images": self.format.model_dump(mode="json"),
            "judge": self.judge.model_dump(mode="json", exclude={"images", "report_images"}),
            "compute": {"precision": self.compute.precision},
            self.family: self.model.model_dump(mode="json"),
        }

    def with_training(self, blocks: Mapping[str, Any]) -> Self:
        """Returns these settings with the blocks that `of_training` returned for another run.

        The sizes of the judge's samples stay.

        Raises:
            pydantic.ValidationError: The family's block lacks a setting or has an unknown one.
            KeyError: A block is missing.
        """
        format = ImageFormat.model_validate(blocks["images"])
        trained = self.model_copy(
            update={
                "seed": blocks["seed"],
                "label": blocks["label"] or self.label,
                "data": self.data.model_copy(update=blocks["data"]),
                "judge": JudgeSettings.model_validate(self.judge.model_dump() | blocks["judge"]),
                "compute": self.compute.model_copy(update=blocks["compute"]),
                "model": family_settings(self.family).model_validate(blocks[self.family]),
            }
        )
        return trained.with_format(format)

    def resolve(self, *, gpu: bool) -> Self:
        """Returns these settings with what `auto` means in `compute` on a machine with or without a GPU."""
        resolved = self.model_copy(update={"compute": self.compute.resolve(gpu=gpu)})
        resolved._asked = self._asked or self.compute
        return resolved

    @property
    def asked(self) -> Self:
        """These settings as they were before `resolve`."""
        return self.model_copy(update={"compute": self._asked}) if self._asked else self

    def digest(self) -> str:
        """SHA-256 of `parameters()` and the label, 64 hexadecimal digits."""
        content = json.dumps([self.parameters(), self.family, self.label], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def validate(composed: Mapping[str, Any]) -> Settings[Any]:
    """Builds the settings of a command from plain values, composed of `conf/config.yaml` and `params.yaml`.

    `model` is an instance of the family's own class.

    Raises:
        SettingsError: A key is unknown, or a value has the wrong type or is out of range. The text names the address,
            the value and what is allowed.
    """
    family = composed.get("family")
    if not isinstance(family, str):
        raise SettingsError(f"`model` must name a family, as in model=acgan. Received: {family}")
    blocks = {key: value for key, value in composed.items() if not has_family(key)}
    try:
        model = family_settings(family).model_validate(composed.get(family))
    except ValidationError as error:
        raise SettingsError(explain(error, (family,), family_settings(family))) from None
    try:
        return Settings.model_validate({**blocks, "model": model})
    except ValidationError as error:
        raise SettingsError(explain(error, (), Settings)) from None


def known_addresses() -> list[str]:
    """Returns the address of every setting of every family, such as `acgan.soft_label.real`."""
    families = [module.name for module in iter_modules(pipeline.settings.__path__) if has_family(module.name)]
    blocks = (addresses((family,), family_settings(family)) for family in families)
    return [*addresses((), Settings), *chain.from_iterable(blocks)]


def list_addresses() -> list[str]:
    """Returns the addresses of the settings of all families that hold texts in a list, such as `runs`."""
    return [address for address, kind in fields((), Settings) if kind == tuple[str, ...]]


def text_addresses() -> list[str]:
    """Returns the addresses of the settings of all families that hold any text or path, such as `label`."""
    return [address for address, kind in fields((), Settings) if {str, Path} & {kind, *get_args(kind)}]
