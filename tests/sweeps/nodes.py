"""A Ray cluster of two nodes on the loopback address, with room for a job each: `python nodes.py`.

Prints the cluster's address and the ids of its nodes. At the first line of input the second node is killed, at the
next, or at the input's end, the cluster ends.
"""

import socket
import sys
from typing import Any

import ray._private.utils as ray_utils
from ray.cluster_utils import Cluster

from pipeline.sweeps.cluster import LOOPBACK

PORTS = ("metrics_agent_port", "runtime_env_agent_port", "dashboard_agent_listen_port", "metrics_export_port")


def node() -> dict[str, Any]:
    return {"num_cpus": 1, "node_ip_address": LOOPBACK, **{name: free_port() for name in PORTS}}


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind((LOOPBACK, 0))
        return int(asked.getsockname()[1])


def serve() -> None:
    # The agents' pages are not looked at, and take seconds to import, of which a node waits 15.
    ray_utils.get_dashboard_dependency_error = lambda: ImportError("left out")
    cluster = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **node()})
    worker = cluster.add_node(**node())
    ids = " ".join(one.node_id for one in cluster.list_all_nodes())
    sys.stdout.write(f"{cluster.address} {ids}\n")
    sys.stdout.flush()
    if sys.stdin.readline():
        cluster.remove_node(worker, allow_graceful=False)
        sys.stdin.readline()
    cluster.shutdown()


if __name__ == "__main__":
    serve()
