"""The project's folders; every default path starts here, never at the working directory."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def outermost(root: Path) -> Path:
    """Returns the project that owns `root`: itself, or the project whose `.dvc/tmp/exps/` holds it.

    DVC runs queued experiments in copies there. Whatever outlives such a copy (the tracking store, checkpoints of
    interrupted runs) belongs to the project around it.
    """
    for parent in root.parents:
        if parent.parts[-3:] == (".dvc", "tmp", "exps"):
            return parent.parents[2]
    return root


STORE_ROOT = outermost(ROOT)


def display(path: Path) -> str:
    """Returns `path` as a user would type it: relative if it lies in the working directory, else as it is."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
