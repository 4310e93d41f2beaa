"""The side of a node of a Ray cluster: a command in a fresh process, and whether the project's folder is there."""

import os
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.sweeps.machines import ClusterError
from pipeline.sweeps.processes import start_line


def run_command(module: str, words: Sequence[str], log: str, cwd: str, environment: Mapping[str, str]) -> int:
    """Runs a command in this process, which must be fresh, and returns its exit status; its output goes to `log`."""
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path.insert(0, cwd)  # as `python -m` does
    with Path(log).open("a", buffering=1, encoding="utf-8") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
        sys.stdout = sys.stderr = output
        sys.argv = [module, *words]
        output.write(
            f"{start_line()}on {os.uname().nodename}, node {import_ray().get_runtime_context().get_node_id()}\n"
        )
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        except Exception:
            traceback.print_exc()
            return 1
    return 0


def sees(path: str) -> tuple[str, bool]:
    """Returns this machine's name, and whether it sees a file."""
    return os.uname().nodename, Path(path).exists()


def import_ray() -> Any:
    """Imports Ray, which reports no usage.

    Raises:
        ClusterError: It is not installed; the text has the command.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        text = f"`hydra/launcher=ray` needs the module `{error.name}`: install it with `pip install -e '.[cluster]'`"
        raise ClusterError(text) from error
    return ray
