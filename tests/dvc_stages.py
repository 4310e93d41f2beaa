"""The stages of `dvc.yaml`, one a family where there are several, with their parameters written out."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from pipeline.settings.paths import ROOT

Stage = dict[str, Any]


def _stages() -> Iterator[tuple[str, Stage]]:
    content: Any = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    (families,) = (block["families"] for block in content["vars"])
    for name, stage in content["stages"].items():
        if "foreach" not in stage:
            yield name, _written_out(stage, {})
            continue
        assert stage["foreach"] == "${families}"
        for family in families:
            yield f"{name}@{family}", _written_out(stage["do"], {"${item}": family})


def _written_out(stage: Stage, values: dict[str, str]) -> Stage:
    text = json.dumps(stage)
    for name, value in {"${data.name}": "mnist", **values}.items():
        text = text.replace(name, value)
    assert "${" not in text, text
    written: Stage = json.loads(text)
    return written


STAGES = dict(_stages())
