"""Jobs in processes of their own on this machine, several at once, which share its processors and GPUs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from hydra.core.utils import JobReturn, JobStatus

from pipeline.data.files import LockedError, lock_file, lock_with_children
from pipeline.settings.exits import JobFailedError
from pipeline.settings.paths import display
from pipeline.sweeps.jobs import read_place

THREADS = ("TF_NUM_INTRAOP_THREADS", "OPENBLAS_NUM_THREADS")  # of TensorFlow's operations and of NumPy's
GPUS = "CUDA_VISIBLE_DEVICES"
OnEnd = Callable[[JobReturn], object]
PATIENCE_SECONDS, LOOK_SECONDS = 60, 0.1
LOCK = "jobs"
STARTED = "-- started "


def do_nothing(_: JobReturn) -> None:
    """Ignores the end of a job, where `on_end` is not given."""


def run_in_processes(
    jobs: Iterable[Sequence[str]], *, module: str, folder: Path, at_once: int, on_end: OnEnd = do_nothing
) -> list[JobReturn]:
    """Runs jobs, each as a command `python -m MODULE` with its overrides, and returns how each ended.

    What a job prints goes to `job-NUMBER.log` in `folder`; the end of each is a line here. Where this process is
    interrupted, so are the jobs: each finishes its step and keeps a checkpoint. A job is asked for once it has a place,
    and `on_end` is called with how each ended before the next is asked for.

    Raises:
        LockedError: Jobs of an earlier command, which was killed, still run.
    """
    lock = lock_jobs(folder)
    waiting = enumerate(jobs)
    running: dict[int, tuple[int, Sequence[str], subprocess.Popen[bytes]]] = {}
    ended: dict[int, JobReturn] = {}
    try:
        while True:
            for place in sorted(set(range(at_once)) - running.keys()):
                if (job := next(waiting, None)) is not None:
                    command = [sys.executable, "-m", module, *job[1], "hydra.mode=RUN"]
                    environment = share_of_machine(place, at_once)
                    running[place] = (*job, _start(command, environment, log_of(job[1], folder), lock))
            if not running:
                return [ended[index] for index in sorted(ended)]
            time.sleep(LOOK_SECONDS)
            for place, (index, overrides, process) in list(running.items()):
                if process.poll() is not None:
                    del running[place]
                    ended[index] = job_return(overrides, folder, process.returncode)
                    on_end(ended[index])
    finally:
        _end([process for _, _, process in running.values()])
        os.close(lock)


def lock_jobs(folder: Path) -> int:
    """Returns the descriptor of a sweep's lock that its jobs inherit, so that it is held until the last has ended.

    A command that is killed leaves its jobs behind: whoever takes up the sweep must not train them a second time.

    Raises:
        LockedError: Jobs of an earlier command still run.
    """
    try:
        return lock_with_children(folder / LOCK)
    except LockedError as error:
        raise LockedError(
            f"jobs of an earlier command, which was killed, still run in {display(folder)}{_processes_in(folder)}: "
            "wait until they have ended, or end them; then the same command goes on"
        ) from error


def _processes_in(folder: Path) -> str:
    """The ids of the processes of this user that hold a sweep's lock, as in ` (processes 1200, 1201)`."""
    lock, found = str(lock_file(folder / LOCK).resolve()), []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(file.path == lock for file in process.open_files()):
                found.append(str(process.pid))
    return f" ({'process' if len(found) == 1 else 'processes'} {', '.join(found)})" if found else ""


def share_of_machine(place: int, at_once: int) -> dict[str, str]:
    """Returns the environment of one of several processes: a share of the processors, and a GPU where there are more.

    Threads that the user chose stay.
    """
    share = str(max(1, len(_processors()) // at_once))
    gpus = visible_gpus()
    own = {GPUS: gpus[place % len(gpus)]} if len(gpus) > 1 else {}
    return {**dict.fromkeys(THREADS, share), **os.environ, **own}


def visible_gpus() -> list[str]:
    """Returns the GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them; TensorFlow is not imported."""
    if GPUS in os.environ:
        return [name.strip() for name in os.environ[GPUS].split(",") if name.strip()]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    # Not --list-gpus, which lists the parts of a GPU too.
    command = [program, "--query-gpu=index", "--format=csv,noheader"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [line for line in listed.splitlines() if line.isdigit()]


def log_of(overrides: Sequence[str], folder: Path) -> Path:
    """Returns the file that a job's output goes to."""
    return folder / f"job-{read_place(overrides).number + 1}.log"


def require_no_jobs(folder: Path) -> None:
    """Refuses a sweep's folder in which jobs of an earlier command still run; see `lock_jobs`."""
    os.close(lock_jobs(folder))


def start_line() -> str:
    """Returns the line of a job's log where a command begins: what is before is an earlier one's."""
    return f"{STARTED}{time.strftime('%Y-%m-%d %H:%M:%S')}\n"


def job_return(overrides: Sequence[str], folder: Path, status: int, *, text: str | None = None) -> JobReturn:
    """Returns how a job ended, as Hydra's launchers do, and prints it.

    `status` is that of its command, negative where a signal ended it; `text` says why it failed, else its log does.
    """
    place, log = read_place(overrides), log_of(overrides, folder)
    returned = JobReturn(overrides=overrides, status=JobStatus.FAILED if status else JobStatus.COMPLETED)
    if not status:
        sys.stdout.write(f"{place.name}: finished ({display(log)})\n")
        return returned
    reason = text or _last_error(log) or _explain_status(status)
    sys.stderr.write(f"error: job {place.number + 1}: {reason} ({display(log)})\n")
    returned.return_value = JobFailedError(reason)
    return returned


def _explain_status(status: int) -> str:
    if status >= 0:
        return f"its command ended with status {status}"
    maybe = ", perhaps for want of memory" if -status == signal.SIGKILL else ""
    return f"its process was ended by signal {-status}{maybe}"


def _last_error(log: Path) -> str | None:
    *_, latest = log.read_text(encoding="utf-8", errors="replace").rpartition(STARTED)
    lines = latest.splitlines()
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return errors[-1] if errors else None


def _start(command: Sequence[str], environment: dict[str, str], log: Path, lock: int) -> "subprocess.Popen[bytes]":
    # In a session of its own, a job gets one signal of this process rather than a second of the terminal.
    with log.open("ab") as output:
        output.write(start_line().encode())
        output.flush()
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),
        )


def _end(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    for process in processes:
        process.terminate()
    try:
        patience = time.monotonic() + PATIENCE_SECONDS
        for process in processes:
            process.wait(max(0.0, patience - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _processors() -> range | set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)
