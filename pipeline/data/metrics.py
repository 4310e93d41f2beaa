"""Figures by name → the nested JSON that `dvc metrics` reads."""

from collections.abc import Mapping
from typing import Any


def nest(values: Mapping[str, float]) -> dict[str, Any]:
    """Gives figures in a block for each part of their names before the last.

    Args:
        values: Figures by name, such as `test/hard/generator/loss`; no name is the first parts of another.

    Returns:
        Such as `{"test": {"hard": {"generator": {"loss": 0.7}}}}`.
    """
    nested: dict[str, Any] = {}
    for key, value in values.items():
        *blocks, name = key.split("/")
        inner = nested
        for block in blocks:
            inner = inner.setdefault(block, {})
        inner[name] = value
    return nested
