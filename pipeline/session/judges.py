"""Whose judge lies in a folder: what decides a judge, and whether it is the one that is wanted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.data.digests import file_digest
from pipeline.settings.composed import Settings
from pipeline.training.folder import DIGITS, code_digest, combined_digest

JUDGE = "judge.json"
CODE = (
    "__init__.py",
    *(f"data/{name}.py" for name in ("batches", "mnist", "npz")),
    *(f"evaluation/{name}.py" for name in ("accuracy", "coverage", "distances", "diversity", "floors", "frechet")),
    *(f"evaluation/{name}.py" for name in ("measures", "memorization", "pixels", "sample", "score")),
    *(f"models/{name}.py" for name in ("__init__", "judge", "seeds", "weights")),
    *(f"session/{name}.py" for name in ("calibrated", "judging")),
    "settings/calibrate.py",
    "training/judge.py",
)


def identify(settings: Settings) -> dict[str, Any]:
    """Gives what decides a judge and its floors: settings, and hashes of data and code.

    Args:
        settings: What a command is set to; MNIST's file must be there.
    """
    return {
        "settings": settings.calibrate.model_dump(mode="json"),
        "limit": settings.data.limit,
        "data": file_digest(settings.data.file),
        "code": code_digest(CODE),
    }


def judge_name(identity: Mapping[str, Any]) -> str:
    """Gives the name of a judge's folder in `runs/judges`."""
    return combined_digest(json.dumps(identity, sort_keys=True))[:DIGITS]


def holds(folder: Path, identity: Mapping[str, Any]) -> bool:
    """Tells whether a folder has the whole calibration that `identify` gave this for."""
    try:
        facts = json.loads((folder / JUDGE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and {key: facts.get(key) for key in identity} == identity
