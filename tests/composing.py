"""Settings as a command line composes them, without a command."""

from copy import deepcopy
from functools import cache
from itertools import chain
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from pipeline.settings.composed import Settings, validate
from pipeline.settings.paths import ROOT

DRAWING = {"digits": None, "digit": None, "count": None, "walk": None, "to": None, "force": False}
SWEEP = {"new": False, "place": None}
CHOICES: dict[str, Any] = {
    **{"family": "acgan", "label": None, "start_from": None, "run": None, "compare": {"runs": []}, "sweep": SWEEP},
    **DRAWING,
}


def composed(*overrides: str, with_hydra: bool = False) -> DictConfig:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIPELINE_ROOT", str(ROOT))
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            return compose("config", list(overrides), return_hydra_config=with_hydra)


@cache
def settings_of(*overrides: str) -> Settings[Any]:
    values: Any = OmegaConf.to_container(composed(*overrides), resolve=True)
    return validate(values)


def jobs_of(*overrides: str) -> list[list[str]]:
    """The overrides of each job that Hydra makes of a sweep's command line."""
    parse = OverridesParser.create().parse_overrides
    plain = [line for line in overrides if not parse([line])[0].is_sweep_override()]
    swept = composed(*plain, with_hydra=True).hydra.sweeper.params or {}
    lines = [*(f"{address}={values}" for address, values in swept.items()), *overrides]
    batches = BasicSweeper.split_arguments(parse(lines), max_batch_size=None)
    return [list(job) for job in chain.from_iterable(batches)]


def blocks() -> dict[str, Any]:
    """The configuration that Hydra composes without an override: the numbers of `params.yaml` and the choices."""
    numbers: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    return {**numbers, **deepcopy(CHOICES)}


def changed(values: dict[str, Any]) -> dict[str, Any]:
    """`blocks()` with other values at some addresses."""
    content = blocks()
    for address, value in values.items():
        *path, name = address.split(".")
        block = content
        for part in path:
            block = block[part]
        block[name] = value
    return content


def addresses(content: dict[str, Any], prefix: str = "") -> list[str]:
    """The address of every value in nested blocks."""
    found = []
    for name, value in content.items():
        found += addresses(value, f"{prefix}{name}.") if isinstance(value, dict) else [f"{prefix}{name}"]
    return found
