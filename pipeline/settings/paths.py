"""The project's folders; every default path starts here.

In a checkout or an archive of the project that is its own folder, whatever the working directory. Where a wheel is
installed, there is no such folder: it is the working directory then, and `conf/` and `params.yaml` are the wheel's.
"""

import os
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2]  # holds `pipeline/`
_IN_WHEEL = SOURCES / "pipeline" / "configuration"  # setup.py writes it
_INSTALLED = _IN_WHEEL.is_dir()
ROOT = Path.cwd() if _INSTALLED else SOURCES
CHOICES = _IN_WHEEL if _INSTALLED else ROOT / "conf"
METADATA = "run.json"  # of a training; its run in the tracking store has it under the same name
CODE_LISTS = ROOT / "reports" / "code"  # the stage digest writes them
NUMBERS = (_IN_WHEEL if _INSTALLED else ROOT) / "params.yaml"


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


def require_text(path: object) -> object:
    """Returns a path as it was passed.

    Raises:
        ValueError: It is empty, which would mean the current folder.
    """
    if path == "":
        raise ValueError("must not be empty")
    return path


def expand_home(path: Path | None) -> Path | None:
    """Returns a path with the home folder in place of `~`, which not every shell expands behind an equals sign.

    Raises:
        ValueError: There is no such home folder.
    """
    try:
        return path and path.expanduser()
    except RuntimeError as error:
        raise ValueError("must begin with a home folder that is known") from error
