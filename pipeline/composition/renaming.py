"""Deduplicated names, since Keras refuses a model of which two layers have the same name.

Private names: `_path` of an operation and its variables, which Keras derives from the name once.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import chain, count
from typing import Any

import keras

from pipeline.composition.graph import layer_of, opens, walk


def rename_clashes(first: keras.Model, second: keras.Model) -> None:
    """Renames, in place, the layers of two models that share a name: their model's name becomes a prefix.

    Args:
        first: A Functional or built Sequential model; its inputs keep their names.
        second: Another one. If both models share one name, the prefixes are `first` and `second`.
    """
    labels = (first.name, second.name) if first.name != second.name else ("first", "second")
    homes: dict[Any, tuple[str, ...]] = {}
    for model, label in zip((first, second), labels, strict=True):
        for operation, address in walk(model, (label,)):
            homes.setdefault(operation, address)
    leaves = [each for each in homes if not opens(each) and not isinstance(each, keras.layers.InputLayer)]
    uses = Counter(each.name for each in leaves) + Counter(layer_of(tensor).name for tensor in first.inputs)
    halves = Counter((homes[each][0], each.name) for each in leaves)
    taken = {each.name for each in homes}
    for each in [leaf for leaf in leaves if uses[leaf.name] > 1]:
        address = homes[each] if halves[homes[each][0], each.name] > 1 else homes[each][:1]
        _rename(each, _free_name("_".join((*address, each.name)), taken))
        taken.add(each.name)


def deduplicated(names: Iterable[str]) -> list[str]:
    """Adds a number to each name that has come before: `["head", "head"]` becomes `["head", "head_2"]`."""
    wanted = list(names)
    taken, distinct = set(wanted), list[str]()
    for name in wanted:
        distinct.append(_free_name(name, taken) if name in distinct else name)
        taken.add(distinct[-1])
    return distinct


def _free_name(name: str, taken: set[str]) -> str:
    numbered = (f"{name}_{number}" for number in count(2))
    return next(each for each in chain([name], numbered) if each not in taken)


def _rename(operation: Any, name: str) -> None:
    old, operation.name = operation.name, name
    for owner in (operation, *getattr(operation, "variables", ())):
        parts = (getattr(owner, "_path", None) or "").split("/")
        if old in parts:
            parts[parts.index(old)] = name
            owner._path = "/".join(parts)
