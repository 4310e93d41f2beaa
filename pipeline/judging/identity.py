"""The identity of a judge: its settings and hashes of data and code."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.data.code import SHORT_DIGEST, code_digest, combined_digest, stage_code
from pipeline.data.digests import file_digest
from pipeline.settings.composed import Settings


def identify(settings: Settings) -> dict[str, Any]:
    """Returns what decides a judge and its references: settings, and hashes of data and code.

    The data's file must be there.
    """
    return {
        "settings": settings.judge.model_dump(mode="json"),
        "limit": settings.data.limit,
        "data": file_digest(settings.data.file),
        "code": code_digest(stage_code("judge")),
    }


def judge_name(identity: Mapping[str, Any]) -> str:
    """The name of a judge's folder in `runs/judges`."""
    return combined_digest(json.dumps(identity, sort_keys=True))[:SHORT_DIGEST]
