"""Worker processes of a sweep: each claims the next job that no other has claimed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from pipeline.settings.exits import JobFailedError
from pipeline.settings.job import Job
from pipeline.settings.paths import display

WORKER = "PIPELINE_SWEEP_WORKER"
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
PATIENCE_SECONDS = 60

_workers: dict[Path, subprocess.Popen[bytes]] = {}


def is_worker() -> bool:
    """Whether another process opened the sweep and will close it."""
    return WORKER in os.environ


def start_workers(module: str, folder: Path, *, jobs: int) -> None:
    """Starts the processes that train jobs of a sweep beside this one, each with its share of the processors.

    They run this command again, `python -m MODULE`, so that `jobs` train at once, this process's among them; what they
    print goes to `worker-NUMBER.log` in the sweep's folder. Jobs that were claimed before, as by a sweep that was cut
    off, can be claimed again. TensorFlow must not have been imported yet.
    """
    rmtree(_claims(folder), ignore_errors=True)
    if jobs == 1:
        return
    share = str(max(1, len(_processors()) // jobs))
    for name in THREADS:
        os.environ.setdefault(name, share)
    folder.mkdir(parents=True, exist_ok=True)
    words = [word for word in sys.argv[1:] if not word.startswith("hydra.sweep.dir=")]
    command = [sys.executable, "-m", module, *words, f"hydra.sweep.dir='{folder}'"]
    for number in range(1, jobs):
        log = folder / f"worker-{number}.log"
        with log.open("wb") as output:
            _workers[log] = subprocess.Popen(
                command,
                env={**os.environ, WORKER: str(number)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )


def claim_job(job: Job) -> bool:
    """Claims a job for this process; returns False if another process of the sweep has claimed it."""
    if job.sweep is None:
        return True
    claims = _claims(job.sweep)
    claims.mkdir(parents=True, exist_ok=True)
    try:
        (claims / str(job.number)).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@contextmanager
def join_workers() -> Iterator[None]:
    """Waits at the end of the block for the workers started in it; ends them where this process is interrupted.

    Raises:
        JobFailedError: A job of a worker failed; the text names the worker's log.
    """
    try:
        try:
            yield
        except Exception:
            _wait()
            raise
        failed = _wait()
    except (KeyboardInterrupt, SystemExit):
        _end()
        raise
    if failed:
        raise JobFailedError(f"a job of the sweep failed: see {', '.join(map(display, failed))}")


def _wait() -> list[Path]:
    failed = [log for log, worker in _workers.items() if worker.wait()]
    _workers.clear()
    return failed


def _end() -> None:
    for worker in _workers.values():
        worker.terminate()
    for worker in _workers.values():
        try:
            worker.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
    _workers.clear()


def _claims(folder: Path) -> Path:
    return folder / "claims"


def _processors() -> range | set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)
