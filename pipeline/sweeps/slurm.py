"""Jobs as one array of SLURM's, by Hydra's own launcher for submitit."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.plugins.launcher import Launcher

from pipeline.settings.exits import JobFailedError
from pipeline.sweeps.machines import ClusterError, require_tracking_server

SLURM, LOCAL = "slurm", "local"
# What submitit asks of SLURM alone.
OF_SLURM = ("array_parallelism", "partition", "account")


def make_launcher(params: Mapping[str, Any]) -> Launcher:
    """Makes the launcher that hands jobs to SLURM, or to processes of this machine where `executor` is `local`.

    `params` are the other settings of `hydra.launcher`, as submitit names them.

    Raises:
        ClusterError: It is not installed, there is no SLURM here, or its machines do not share the tracking store.
    """
    settings = dict(params)
    executor = settings.pop("executor")
    if executor not in (SLURM, LOCAL):
        raise ClusterError(f"`hydra.launcher.executor` must be slurm or local. Received: {executor}")
    try:
        from hydra_plugins.hydra_submitit_launcher import submitit_launcher
    except ImportError as error:
        text = f"`hydra/launcher=slurm` needs the module `{error.name}`: install it with `pip install -e '.[slurm]'`"
        raise ClusterError(text) from error
    if executor == LOCAL:
        known = {key: value for key, value in settings.items() if key not in OF_SLURM}
        local: Launcher = submitit_launcher.LocalLauncher(**known)
        return local
    if shutil.which("sbatch") is None:
        raise ClusterError(
            "`hydra/launcher=slurm` must be chosen on a machine that has SLURM's `sbatch`. Received: none in `PATH`"
        )
    require_tracking_server()
    launcher: Launcher = submitit_launcher.SlurmLauncher(**settings)
    return launcher


@contextmanager
def explaining_lost_jobs(folder: str) -> Iterator[None]:
    """Turns the error of submitit about a job that ended without an answer into one line; logs are in `folder`.

    Raises:
        JobFailedError: A job was killed, as for its memory or its time.
    """
    try:
        yield
    except RuntimeError as error:
        if type(error).__module__.partition(".")[0] != "submitit":
            raise
        reason = str(error).strip().partition("\n")[0]
        raise JobFailedError(
            f"a job was lost ({reason}); its logs are in {Path(folder).parent}. Others may still run: wait for them "
            "(`squeue`) or end them (`scancel`), then give the same command again"
        ) from error
