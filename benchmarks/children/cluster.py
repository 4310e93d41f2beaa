"""Child process: jobs that sleep, run by the launcher's own class on a new Ray cluster of this machine."""

import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hydra.core.utils import JobStatus

from benchmarks.measuring.errors import BenchmarkError
from benchmarks.measuring.serving import Answer, serve
from pipeline.settings.job import SweepPlace
from pipeline.sweeps.cluster import RayCluster
from pipeline.sweeps.jobs import with_place

SLEEPER = "benchmarks.children.sleeper"


def answer(request: Answer) -> Answer:
    """Runs so many `jobs`, one a worker; `seconds` pass until all have ended, from when the cluster is there."""
    count, cluster = request["jobs"], RayCluster("local", cpus=1, gpus=0)
    sweep = {"run": "", "digest": "", "jobs": count, "before": 0, "left": count, "at_once": cluster.at_once}
    jobs = [with_place([], SweepPlace(number=number, started=time.time(), **sweep)) for number in range(count)]
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        ended = Counter(one.status for one in cluster.run(jobs, module=SLEEPER, folder=Path(folder)))
        seconds = time.perf_counter() - began
    if ended[JobStatus.COMPLETED] != count:
        raise BenchmarkError(f"{count} jobs must end well. Received: {ended[JobStatus.COMPLETED]}")
    return {"workers": cluster.at_once, "seconds": seconds}


if __name__ == "__main__":
    serve(answer)
