"""Child process: jobs that sleep, run by the launcher's own class on a new Ray cluster of this machine."""

import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hydra.core.utils import JobStatus

from benchmarks.children.serving import Answer
from benchmarks.measuring import BenchmarkError
from pipeline.settings.job import SweepPlace
from pipeline.sweeps.cluster import RayCluster
from pipeline.sweeps.jobs import with_place

SLEEPER = "benchmarks.children.sleeper"


def answer(request: Answer) -> Answer:
    """Runs so many `jobs` on `workers`, one each; `seconds` pass until all have ended, from when the cluster is there.

    Ray must have been told of as many processors, as by `RAY_OVERRIDE_RESOURCES`.
    """
    count, cluster = request["jobs"], RayCluster("local", cpus=1, gpus=0)
    sweep = {"run": "", "digest": "", "jobs": count, "before": 0, "left": count, "at_once": cluster.at_once}
    jobs = [with_place([], SweepPlace(number=number, started=time.time(), **sweep)) for number in range(count)]
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        ended = Counter(one.status for one in cluster.run(jobs, module=SLEEPER, folder=Path(folder)))
        seconds = time.perf_counter() - began
    if (received := (ended[JobStatus.COMPLETED], cluster.at_once)) != (count, request["workers"]):
        wanted = f"{count} jobs on {request['workers']} workers must end well"
        raise BenchmarkError(f"{wanted}. Received: {received[0]} on {received[1]}")
    return {"seconds": seconds}
