"""Names told apart, since Keras refuses a model two of whose layers bear the same one."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain, count
from typing import Any

import keras

from pipeline.composition.graph import layer_of, opens, walk


def rename_clashes(first: keras.Model, second: keras.Model) -> None:
    """Renames, in place, the layers of two models that bear the same name: their model's name goes in front.

    Args:
        first: A Functional or built Sequential model; its inputs keep their names.
        second: Another; where both bear one name they are told apart as `first` and `second`.
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
    """Gives the names with a number behind each that came before: `["head", "head"]` gives `["head", "head_2"]`."""
    wanted = list(names)
    taken, apart = set(wanted), list[str]()
    for name in wanted:
        apart.append(_free_name(name, taken) if name in apart else name)
        taken.add(apart[-1])
    return apart


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
