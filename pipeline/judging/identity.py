"""Whose judge lies in a folder: what decides a judge, and whether it is the one that is wanted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.data.code import DIGITS, code_digest, combined_digest, stage_code
from pipeline.data.digests import file_digest
from pipeline.judging.calibration import JUDGE
from pipeline.settings.composed import Settings


def identify(settings: Settings) -> dict[str, Any]:
    """Gives what decides a judge and its references: settings, and hashes of data and code.

    Args:
        settings: What a command is set to; MNIST's file must be there.
    """
    return {
        "settings": settings.judge.model_dump(mode="json"),
        "limit": settings.data.limit,
        "data": file_digest(settings.data.file),
        "code": code_digest(stage_code("judge")),
    }


def judge_name(identity: Mapping[str, Any]) -> str:
    """Gives the name of a judge's folder in `runs/judges`."""
    return combined_digest(json.dumps(identity, sort_keys=True))[:DIGITS]


def holds(folder: Path, identity: Mapping[str, Any]) -> bool:
    """Tells whether a folder has the whole calibration that `identify` gave this for."""
    try:
        metadata = json.loads((folder / JUDGE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(metadata, dict) and {key: metadata.get(key) for key in identity} == identity
