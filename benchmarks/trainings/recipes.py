"""Recipes by name: which command trains one, and what it is set to."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException

from pipeline.settings.composed import Settings, validate
from pipeline.settings.errors import SettingsError
from pipeline.settings.overrides import plain
from pipeline.settings.paths import ROOT

MODULE = "pipeline.train"
RECIPES: Mapping[str, tuple[str, ...]] = {
    "default": (),
    "original": ("experiment=original", "acgan.steps=600", "acgan.report_every=150", "acgan.report_images=1000"),
    "compact": ("experiment=compact",),
    "long": ("experiment=long",),
}
ALWAYS = ("acgan.keep_every_report=true", "tracking.experiment=quality")


@dataclass(frozen=True)
class Planned:
    """A training to be had.

    Attributes:
        recipe: Its name in `RECIPES`.
        seed: The run's seed.
        overrides: The command's words after the module.
        settings: What they set.
    """

    recipe: str
    seed: int
    overrides: tuple[str, ...]
    settings: Settings

    @property
    def name(self) -> str:
        """What its record is called; other settings have another name."""
        return f"{self.recipe}-seed-{self.seed}-{self.settings.digest()[:8]}"

    @property
    def command(self) -> str:
        """The command as a user would type it."""
        return shlex.join(["python", "-m", MODULE, *self.overrides])


def plan(recipes: Sequence[str], seeds: Sequence[int], extra: Sequence[str] = ()) -> list[Planned]:
    """Plans trainings by turns: all recipes with the first seed, then all with the second.

    Args:
        recipes: Names in `RECIPES`.
        seeds: A run of each recipe has each of them.
        extra: Overrides that every run gets beside its recipe's own.

    Returns:
        The trainings in the order they are to be run in.

    Raises:
        SettingsError: A recipe's settings are not sound.
    """
    planned = []
    for seed in seeds:
        for recipe in recipes:
            overrides = (*RECIPES[recipe], f"seed={seed}", *ALWAYS, *extra)
            planned.append(Planned(recipe, seed, overrides, compose_settings(overrides)))
    return planned


def compose_settings(overrides: Sequence[str]) -> Settings:
    """Gives what a command would be set to.

    Args:
        overrides: Its words after the module.

    Returns:
        The validated settings.

    Raises:
        SettingsError: A choice or a setting is unknown, or a value is out of range.
    """
    os.environ["PIPELINE_ROOT"] = str(ROOT)
    try:
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            composed = compose("config", list(overrides))
    except HydraException as error:
        raise SettingsError(f"{shlex.join(overrides)}: {str(error).partition(chr(10))[0]}") from error
    return validate(plain(composed))
