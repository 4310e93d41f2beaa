"""Jobs as tasks of a Ray cluster, each in a fresh process, on machines that share the project's folder.

Private names: `print_to_stdstream` of `ray._private.worker`, which prints what a cluster tells its driver.
"""

import os
import re
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any
from uuid import uuid4

from hydra.core.utils import JobReturn

from pipeline.data.files import write_text
from pipeline.settings import paths
from pipeline.sweeps.machines import ClusterError, require_tracking_server
from pipeline.sweeps.processes import PATIENCE_SECONDS, THREADS, OnEnd, do_nothing, job_return, log_of
from pipeline.sweeps.tasks import import_ray, run_command, sees

RETRIES, LOOK_SECONDS, ANSWER_SECONDS = 3, 1.0, 10
# Ray takes 127.0.0.1 for the machine's address in its network, where others would reach the new cluster.
LOOPBACK = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
_VARIABLE = re.compile(r"oc\.env:\s*(\w+)")


class RayCluster:
    """A connection to a Ray cluster.

    Args:
        address: `auto` for the cluster that this machine is a node of, `HOST:PORT` of its head, or `local` for a new
            cluster on this machine alone.
        cpus: Processors of a job.
        gpus: GPUs of a job.

    Attributes:
        at_once: Jobs that run at the same time.
        machines: Machines of the cluster.

    Raises:
        ClusterError: Ray is not installed, the cluster does not answer or lacks what a job needs, or its machines do
            not share the run folder and the tracking store.
    """

    def __init__(self, address: str, *, cpus: float, gpus: float) -> None:
        numbers = all(isinstance(share, int | float) for share in (cpus, gpus))
        if not numbers or min(cpus, gpus) < 0 or not (cpus or gpus):
            text = "`hydra.launcher.cpus` and `hydra.launcher.gpus` must be numbers, not negative, nor both 0"
            raise ClusterError(f"{text}. Received: {cpus} and {gpus}")
        with _keeping_sigterm():
            self._ray, self._cpus, self._gpus = import_ray(), cpus, gpus
            self._connect(address)
        try:
            nodes = [node for node in self._ray.nodes() if node["Alive"]]
            self.at_once = sum(count_places(node["Resources"], cpus=cpus, gpus=gpus) for node in nodes)
            if not self.at_once:
                raise ClusterError(
                    "`hydra.launcher.cpus` and `hydra.launcher.gpus` must be at most what a node has. "
                    f"Received: {cpus:g} and {gpus:g}"
                )
            self.machines = len({node["NodeManagerHostname"] for node in nodes})
            if self.machines > 1:
                require_tracking_server()
                self.require_shared(paths.STORE_ROOT / "runs", [str(node["NodeID"]) for node in nodes])
        except BaseException:
            self._ray.shutdown()
            raise

    def run(
        self, jobs: Iterable[Sequence[str]], *, module: str, folder: Path, on_end: OnEnd = do_nothing
    ) -> list[JobReturn]:
        """Runs jobs, each as a command `python -m MODULE` with its overrides, and returns how each ended.

        What a job prints goes to `job-NUMBER.log` in `folder`; the end of each is a line here. A job whose process or
        machine is lost runs again, and resumes from its checkpoint. Where this process is interrupted, so are the jobs.
        Jobs in a list are handed to Ray at once; others are asked for one by one, as places become free, and `on_end`
        is called with how each ended before the next is asked for.
        """
        folder.mkdir(parents=True, exist_ok=True)
        threads = dict.fromkeys(THREADS, str(max(1, int(self._cpus))))
        task = self._task(run_command, max_retries=RETRIES)
        places, waiting = len(jobs) if isinstance(jobs, Sequence) else self.at_once, enumerate(jobs)
        running: dict[Any, tuple[int, Sequence[str]]] = {}
        ended: dict[int, JobReturn] = {}
        try:
            while True:
                while len(running) < places and (job := next(waiting, None)) is not None:
                    log, environment = str(log_of(job[1], folder).resolve()), variables_of(job[1]) | threads
                    running[task.remote(module, [*job[1], "hydra.mode=RUN"], log, str(Path.cwd()), environment)] = job
                if not running:
                    return [ended[index] for index in sorted(ended)]
                for one in self._ray.wait(list(running), num_returns=1, timeout=LOOK_SECONDS)[0]:
                    index, overrides = running.pop(one)
                    ended[index] = self._returned(one, overrides, folder)
                    on_end(ended[index])
        finally:
            self._cancel(list(running))
            self._ray.shutdown()

    def require_shared(self, folder: Path, nodes: Sequence[str]) -> None:
        """Refuses a cluster of which a node does not see this machine's run folder."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        mark = folder / f".shared-{uuid4().hex}"
        write_text("", mark)
        try:
            for node in nodes:
                there = NodeAffinitySchedulingStrategy(node, soft=False)
                look = self._ray.remote(num_cpus=0, scheduling_strategy=there)(sees)
                host, seen = self._ray.get(look.remote(str(mark)))
                if not seen:
                    raise ClusterError(
                        f"all machines of the cluster must share {folder}, as on a network file system. "
                        f"Received: {host}, which does not see it"
                    )
        finally:
            mark.unlink()

    def _connect(self, address: str) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        own = {"include_dashboard": False, "_node_ip_address": LOOPBACK} if address == "local" else {}
        environment = {"env_vars": {"PYTHONPATH": str(paths.ROOT)}}
        try:
            if ":" in address:  # where nothing listens, Ray would try for minutes
                host, _, port = address.rpartition(":")
                socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
            self._ray.init(address, runtime_env=environment, **quiet, **own)
            self._ray._private.worker.print_to_stdstream = print_notice
        except Exception as error:  # Ray raises plain ones where a process of its own does not start in time
            reason = " ".join(str(error).split())[:200]
            raise ClusterError(
                "`hydra.launcher.address` must be auto, local or HOST:PORT of a running Ray cluster. "
                f"Received: {address}: {reason}"
            ) from error

    def _task(self, function: Any, **options: Any) -> Any:
        # A process of its own for each call: TensorFlow keeps memory and settings for as long as its process lives.
        return self._ray.remote(num_cpus=self._cpus, num_gpus=self._gpus, max_calls=1, **options)(function)

    def _returned(self, task: Any, overrides: Sequence[str], folder: Path) -> JobReturn:
        try:
            return job_return(overrides, folder, self._ray.get(task))
        except self._ray.exceptions.RayError as error:
            return job_return(overrides, folder, 1, text=str(error).strip().partition("\n")[0])

    def _cancel(self, tasks: Sequence[Any]) -> None:
        """Interrupts tasks, each of which keeps a checkpoint first, and ends those that take too long."""
        if not tasks:
            return
        for one in tasks:
            self._ray.cancel(one)
        _, left = self._ray.wait(list(tasks), num_returns=len(tasks), timeout=PATIENCE_SECONDS)
        for one in left:
            self._ray.cancel(one, force=True)


def variables_of(words: Sequence[str]) -> dict[str, str]:
    """Returns the variables that a job needs: MLflow's, and those that its words name, as in `${oc.env:NAME}`."""
    named = {name for word in words for name in _VARIABLE.findall(word)}
    return {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_") or name in named}


def print_notice(data: Mapping[str, Any], **_: object) -> None:
    """Prints the `lines` of `data` that a cluster tells as one; of a lost process, what becomes of its job."""
    text = " ".join(" ".join(data["lines"]).split())
    if "A worker died or was killed" in text:  # Ray's notice of the task follows
        return
    if "retries remaining" in text:
        text = "the process of a job was lost: the job runs again, and resumes from its checkpoint"
    sys.stderr.write(f"{shorten(text, 200, placeholder=' …')}\n")


def count_places(resources: Mapping[str, float], *, cpus: float, gpus: float) -> int:
    """Returns how many jobs a node with these resources has room for."""
    wanted = {"CPU": cpus, "GPU": gpus}
    # A tenth fits ten times into 1, but floating-point division finds 9 whole ones.
    return min(int(resources.get(name, 0) / amount + 1e-9) for name, amount in wanted.items() if amount)


@contextmanager
def _keeping_sigterm() -> Iterator[None]:
    """Restores the handler of SIGTERM, which Ray replaces when it is imported and when it starts a node."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
