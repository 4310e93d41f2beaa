"""Metrics by key → the nested JSON that `dvc metrics` reads."""

from collections.abc import Mapping
from typing import Any

from pipeline.data.keys import Key


def nest(values: Mapping[Key, object]) -> dict[str, Any]:
    """Returns metrics in a block for each part of their keys before the last; no key is the first parts of another.

    The value of `test/hard/generator/loss` becomes `{"test": {"hard": {"generator": {"loss": 0.7}}}}`.
    """
    nested: dict[str, Any] = {}
    for key, value in values.items():
        *blocks, name = key.text.split("/")
        inner = nested
        for block in blocks:
            inner = inner.setdefault(block, {})
        inner[name] = value
    return nested
