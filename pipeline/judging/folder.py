"""The folders that hold a judge: the one that DVC tracks, and those of commands that trained one."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.data.files import locked
from pipeline.judging.files import JUDGE
from pipeline.judging.identity import judge_name
from pipeline.rendering.terminal import make_console
from pipeline.settings import paths


def tracked_folder() -> Path:
    """The folder of the judge that DVC tracks."""
    return paths.ROOT / "models" / "judge"


def kept_folder(identity: Mapping[str, Any]) -> Path:
    """The folder of the judge of an identity among those that commands train."""
    return paths.STORE_ROOT / "runs" / "judges" / judge_name(identity)


def holds(folder: Path, identity: Mapping[str, Any]) -> bool:
    """Whether a folder holds the whole judge of this identity."""
    try:
        metadata = json.loads((folder / JUDGE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(metadata, dict) and {key: metadata.get(key) for key in identity} == identity


def find_judge(identity: Mapping[str, Any]) -> Path | None:
    """Finds the folder with the judge of an identity: the one that DVC tracks, else the one that a command trained."""
    folders = (tracked_folder(), kept_folder(identity))
    return next((folder for folder in folders if holds(folder, identity)), None)


@contextmanager
def locked_folder(identity: Mapping[str, Any]) -> Iterator[Path]:
    """Locks `kept_folder`, which may hold the judge by now, against other commands that train it."""
    folder = kept_folder(identity)
    message = "waiting for another command that trains the same judge"
    with locked(folder, waiting=lambda: make_console().print(message)):
        folder.mkdir(exist_ok=True)
        yield folder
