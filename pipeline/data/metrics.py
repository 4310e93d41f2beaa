"""Metrics by key → the nested JSON that `dvc metrics` reads."""

from collections.abc import Mapping
from typing import Any

from pipeline.data.keys import Key

_DIGITS = 12


def rounded(content: Any) -> Any:
    """Returns nested mappings, lists and values with every float rounded to 12 significant digits.

    Sums over many images differ in the 14th digit from one environment to the next; files of what was measured do not.
    """
    if isinstance(content, Mapping):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [rounded(value) for value in content]
    return float(f"{content:.{_DIGITS}g}") if isinstance(content, float) else content


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
