"""Overrides that a command can apply: those of its own, and those of the family that it trains or reads."""

import re
from collections.abc import Sequence

from pipeline.settings.drawing import WHAT
from pipeline.settings.errors import SettingsError
from pipeline.settings.family import has_family

TRAIN, RENDER, COMPARE, PROMOTE = (f"pipeline.{name}" for name in ("train", "render", "compare", "promote"))
OF_COMMANDS = {
    **dict.fromkeys(WHAT, (RENDER,)),
    "compare": (COMPARE,),
    "to": (RENDER, COMPARE),
    "force": (RENDER, COMPARE, PROMOTE),
    "start_from": (TRAIN,),
    "run": ("pipeline.evaluate", RENDER, "pipeline.export", PROMOTE, "pipeline.sync"),
}


def require_applicable(overrides: Sequence[str], *, module: str, family: str) -> None:
    """Refuses an override that is for another command than `python -m MODULE`, or for another family.

    Raises:
        SettingsError: There is one; the text names it.
    """
    for override in overrides:
        block = re.split(r"[.=@]", override.lstrip("+~"))[0]
        if block in OF_COMMANDS and module not in OF_COMMANDS[block]:
            *others, last = (f"`python -m {one}`" for one in OF_COMMANDS[block])
            commands = f"{', '.join(others)} and {last}" if others else last
            raise SettingsError(f"`{block}` is for {commands} alone: leave it out")
        if block != family and has_family(block):
            raise SettingsError(
                f"`{' '.join(override.split())}` is for a run of {block}, and this is one of {family}: "
                f"leave it out, or choose model={block}"
            )
