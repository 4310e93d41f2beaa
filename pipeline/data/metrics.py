"""Metrics by key → the nested JSON that `dvc metrics` reads."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.data.keys import Key


def nest(values: Mapping[Key, object]) -> dict[str, Any]:
    """Returns metrics in a block for each part of their keys before the last.

    Args:
        values: By key, such as `test/hard/generator/loss`; no key is the first parts of another.

    Returns:
        Such as `{"test": {"hard": {"generator": {"loss": 0.7}}}}`.
    """
    nested: dict[str, Any] = {}
    for key, value in values.items():
        *blocks, name = key.text.split("/")
        inner = nested
        for block in blocks:
            inner = inner.setdefault(block, {})
        inner[name] = value
    return nested


def write_json(content: Mapping[str, Any], file: Path) -> Path:
    """Writes a file, the same on every platform, and gives it back; missing folders are made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")
    return file
