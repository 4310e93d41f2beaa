"""How settings differ from the committed ones, and the command of DVC that makes a run of them."""

import shlex

from pipeline.settings.addresses import leaves
from pipeline.settings.composed import Settings
from pipeline.settings.overrides import read_values
from pipeline.settings.paths import NUMBERS
from pipeline.tracking.runs import flatten
from pipeline.tracking.tags import committed_file


def changed_settings(settings: Settings) -> list[str]:
    """The settings that differ from params.yaml as git has it, or as it is outside git, as `ADDRESS=VALUE`."""
    committed = committed_file(NUMBERS.parent, NUMBERS.name) or NUMBERS.read_text(encoding="utf-8")
    # As asked: what `auto` means on this machine is no change that a user made.
    before, now = dict(leaves(read_values(committed))), settings.asked.parameters()
    changed = {address for address, value in now.items() if not _equal(before.get(address, value), value)}
    # Where other data than MNIST come from decides nothing, but they are not found without it.
    source = settings.data.source
    named = [f"data.source={source}"] if settings.data.own and source != before["data.source"] else []
    return named + [f"{address}={text}" for address, text in flatten(now).items() if address in changed]


def dvc_command(settings: Settings, *stages: str) -> str:
    """Returns the command by which DVC makes a run of some settings, up to `stages` or all of them."""
    changes = [word for change in changed_settings(settings) for word in ("-S", change)]
    return shlex.join([*(["dvc", "exp", "run", *changes] if changes else ["dvc", "repro"]), *stages])


def _equal(one: object, other: object) -> bool:
    """Whether two values are the same, 5 and 5.0 among them, but neither true and 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
