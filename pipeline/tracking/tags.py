"""Names of tags, and those of the environment: the commit, whether the tree differs from it, DVC's stage."""

import os
import subprocess
from pathlib import Path

from mlflow.utils.mlflow_tags import MLFLOW_GIT_BRANCH, MLFLOW_GIT_COMMIT

OWN_DATA = "data.check"  # the tag of runs on data that no known hash was there to compare with
SWEEP_JOB = "sweep.job"  # the tag of what decides a job, its settings, data and code
SWEEP_NUMBER = "sweep.number"  # the tag of a job's place in its sweep, from 0
TRIAL = "search.trial"  # the tag of a trial's number
REPORT_REALS = "judge.real_images"  # the tag of how many a training's reports measure, fewer of small data
_UNKNOWN = "unknown"
_CODE = ("pipeline", "hydra_plugins", "conf", "params.yaml")
_STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", *_CODE)


def environment_tags(root: Path) -> dict[str, str]:
    """Returns the tags of a run whose code is in `root`: in a temporary copy of DVC's, the copy.

    They are `git.commit` and `git.dirty` (`unknown` outside git); `dvc.stage` and `dvc.experiment` where DVC runs it.
    """
    variables = {"dvc.stage": "DVC_STAGE", "dvc.experiment": "DVC_EXP_NAME"}
    return _git_tags(root) | {key: os.environ[name] for key, name in variables.items() if os.environ.get(name)}


def _git_tags(root: Path) -> dict[str, str]:
    # A wheel may lie in another repository, as in the folder of an environment that git ignores.
    known = _git(root, "ls-files", "--error-unmatch", "params.yaml") is not None
    lines = (_git(root, *_STATUS) or "").splitlines() if known else []
    metadata = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    commit = metadata.get("branch.oid", _UNKNOWN)
    if commit in (_UNKNOWN, "(initial)"):
        return {"git.commit": _UNKNOWN, "git.dirty": _UNKNOWN}
    dirty = str(any(not line.startswith("# ") for line in lines)).lower()
    branch = {} if metadata["branch.head"] == "(detached)" else {MLFLOW_GIT_BRANCH: metadata["branch.head"]}
    return {"git.commit": commit, "git.dirty": dirty, MLFLOW_GIT_COMMIT: commit, **branch}


def committed_file(root: Path, name: str) -> str | None:
    """Returns a file's text at git's HEAD; None outside git or where it is not committed."""
    return _git(root, "show", f"HEAD:./{name}")


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        found = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout
