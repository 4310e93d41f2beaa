"""What machines must have in common on which the jobs of one sweep run."""

import os

from pipeline.settings.errors import PipelineError


class ClusterError(PipelineError):
    """Jobs cannot run on a cluster as they were asked to."""


def require_tracking_server() -> None:
    """Refuses a tracking store in a file of this machine, for a cluster of several.

    Raises:
        ClusterError: `MLFLOW_TRACKING_URI` names none that other machines reach.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri or uri.partition(":")[0].partition("+")[0] in ("sqlite", "file") or ":" not in uri:
        raise ClusterError(
            "`MLFLOW_TRACKING_URI` must be the address of a tracking server, which all machines of the cluster reach: "
            f"SQLite is a file of one machine. Received: {uri or 'mlflow.db in this folder'}"
        )
