"""Addresses of settings, such as `acgan.soft_label.real`: those that a block has, and what is wrong with a value."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from pipeline.settings.frozen import Frozen


def leaves(block: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the values of nested blocks by their addresses, such as `acgan.soft_label.real`."""
    for name, value in block.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def addresses(prefix: tuple[str, ...], model: type[Frozen]) -> list[str]:
    """Returns the addresses of the settings of a block whose own address is `prefix`."""
    return [address for address, _ in fields(prefix, model)]


def fields(prefix: tuple[str, ...], model: type[Frozen]) -> Iterator[tuple[str, Any]]:
    """Yields the addresses of the settings of a block, likewise, each with the type of its value."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Frozen):
            yield from fields((*prefix, name), kind)
        yield ".".join((*prefix, name)), kind


def explain(error: ValidationError, prefix: tuple[str, ...], model: type[Frozen]) -> str:
    """Returns what is wrong with the values of a block at the address `prefix`, in one line."""
    wrong = {_place(detail): detail for detail in error.errors(include_url=False)}
    return "; ".join(_explain_one(detail, prefix, model) for detail in wrong.values())


def _place(detail: Any) -> tuple[int | str, ...]:
    """Where a value is wrong; in a list that is too short, the list, whose last missing number says its length."""
    place: tuple[int | str, ...] = detail["loc"]
    short = detail["type"] == "missing" and isinstance(place[-1], int)
    return (*place[:-1], "") if short else (*place, detail["type"])


def _explain_one(detail: Any, prefix: tuple[str, ...], model: type[Frozen]) -> str:
    path = (*prefix, *map(str, detail["loc"]))
    address, received = ".".join(path), f"Received: {detail['input']!r}"
    match detail["type"]:
        case "extra_forbidden":
            return f"`{address}` is not a setting{suggest(address, addresses(prefix, model))}"
        case "missing" if isinstance(detail["loc"][-1], int):
            wanted = f"`{'.'.join(path[:-1])}` must have {detail['loc'][-1] + 1} numbers"
        case "missing":
            return f"`{address}` is missing: give it a value"
        case "value_error" if detail["loc"]:
            wanted = f"`{address}` {detail['ctx']['error']}"
        case "value_error":
            name, rest = str(detail["ctx"]["error"]).split(" ", 1)
            return f"`{'.'.join((*path, name))}` {rest}"
        case "path_type":
            wanted = f"`{address}` must be a path"
        case "model_type":
            wanted = f"`{address}` must be a block of settings"
        case _:
            said = detail["msg"].replace(" after validation", "")  # of a list's length
            wanted = f"`{address}` " + re.sub(r"^\w+ should ", "must ", said)
    return f"{wanted}. {received}"


def suggest(address: str, known: list[str]) -> str:
    """Returns `": did you mean …?"` if a known address is close to a mistyped one, else an empty text."""
    close = get_close_matches(address, known, n=1, cutoff=0.75)
    return f": did you mean `{close[0]}`?" if close else ""
