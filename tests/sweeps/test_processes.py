"""Jobs of a sweep in processes of their own, which here print what they were started with."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from hydra.core.utils import JobReturn, JobStatus

from pipeline.data.files import LockedError
from pipeline.settings.paths import ROOT
from pipeline.sweeps import processes
from pipeline.sweeps.jobs import read_place, with_place
from pipeline.sweeps.processes import GPUS, THREADS, require_no_jobs, run_in_processes, share_of_machine, visible_gpus
from tests.patience import wait_for
from tests.places import place

ECHO = """
import os, sys, time
from pathlib import Path
print(os.environ["TF_NUM_INTRAOP_THREADS"], *sys.argv[1:], flush=True)
Path(f"began-{os.getpid()}").touch()
said = dict(word.split("=", 1) for word in sys.argv[1:] if not word.startswith("sweep."))
try:
    time.sleep(float(said.get("sleep", 0)))
finally:
    Path("ended").open("a").write(f"{time.monotonic()}\\n")
if "error" in said:
    print(f"error: {said['error']}", file=sys.stderr)
status = int(said.get("status", 0))
if status < 0:
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep's folder, in a place where `python -m echo` prints what it was started with."""
    (tmp_path / "echo.py").write_text(ECHO, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in (*THREADS, GPUS):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "a sweep"


def run(folder: Path, *jobs: Sequence[str], at_once: int = 2) -> list[JobReturn]:
    placed = [with_place(words, place(number=number)) for number, words in enumerate(jobs)]
    return run_in_processes(placed, module="echo", folder=folder, at_once=at_once)


def log(folder: Path, number: int) -> str:
    return (folder / f"job-{number}.log").read_text(encoding="utf-8")


def test_a_job_is_asked_for_once_a_place_is_free_and_the_end_of_the_one_before_was_told(folder: Path) -> None:
    told: list[str] = []

    def jobs() -> Iterator[list[str]]:
        for number in range(3):
            told.append(f"asked {number}")
            yield with_place(["sleep=0"], place(number=number))

    def tell(returned: JobReturn) -> None:
        told.append(f"ended {read_place(returned.overrides or ()).number}")

    returned = run_in_processes(jobs(), module="echo", folder=folder, at_once=1, on_end=tell)
    assert len(returned) == 3
    assert told == ["asked 0", "ended 0", "asked 1", "ended 1", "asked 2", "ended 2"]


def test_each_job_is_a_command_of_its_own_on_a_share_of_the_processors(folder: Path) -> None:
    returned = run(folder, ["seed=0"], ["seed=1"], ["seed=2"], at_once=3)
    assert [one.status for one in returned] == [JobStatus.COMPLETED] * 3
    share = max(1, len(os.sched_getaffinity(0)) // 3)
    for number in (1, 2, 3):
        _, line = log(folder, number).splitlines()
        words = line.split()
        assert words[:2] == [str(share), f"seed={number - 1}"]
        assert words[-1] == "hydra.mode=RUN"


def test_jobs_beside_each_other_are_as_many_as_were_asked_for(folder: Path) -> None:
    counts: list[int] = []

    def look() -> None:
        while len(counts) < 1 or counts[-1] < 3:
            counts.append(len(list(Path().glob("began-*"))))
            time.sleep(0.05)
            ended = len(Path("ended").read_text().splitlines()) if Path("ended").exists() else 0
            assert counts[-1] - ended <= 2

    watcher = threading.Thread(target=look)
    watcher.start()
    run(folder, ["sleep=0.5"], ["sleep=0.5"], ["sleep=0.5"], at_once=2)
    watcher.join(30)
    assert counts[-1] == 3


def test_jobs_at_once_share_the_processors_among_tensorflow_and_numpy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(6)))
    assert {share_of_machine(1, 2)[name] for name in THREADS} == {"3"}


def test_threads_that_the_user_chose_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS[0], "7")
    run(folder, ["seed=0"])
    assert log(folder, 1).splitlines()[1].startswith("7 ")


@pytest.mark.parametrize(("visible", "chosen"), [("3,5", ["3", "5", "3"]), ("4", ["4", "4", "4"]), ("", ["", "", ""])])
def test_gpus_are_shared_out_where_there_are_several(
    visible: str, chosen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GPUS, visible)
    assert [share_of_machine(number, 3)[GPUS] for number in range(3)] == chosen


def test_the_parts_of_a_gpu_are_no_gpus_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GPUS, raising=False)
    program = tmp_path / "nvidia-smi"
    listed = "GPU 0: A (UUID: GPU-1)\n  MIG 1g Device 0: (UUID: MIG-2)\nGPU 1: A (UUID: GPU-3)"
    program.write_text(f'#!/bin/sh\ncase "$1" in --query-gpu=index) printf "0\\n1\\n";; *) echo "{listed}";; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert visible_gpus() == ["0", "1"]
    program.write_text("#!/bin/sh\necho No devices were found\nexit 6\n")
    assert visible_gpus() == []


def test_a_failed_job_is_one_line_and_the_others_go_on(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    returned = run(folder, ["status=2", "error=it diverged"], ["status=7"], ["seed=2"], at_once=1)
    assert [one.status for one in returned] == [JobStatus.FAILED, JobStatus.FAILED, JobStatus.COMPLETED]
    shown = capfd.readouterr()
    assert shown.err.splitlines() == [
        "error: job 1: it diverged (a sweep/job-1.log)",
        "error: job 2: its command ended with status 7 (a sweep/job-2.log)",
    ]
    assert shown.out == "job 3 of 4: finished (a sweep/job-3.log)\n"


def test_the_reason_of_a_failed_job_is_of_this_command(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(folder, ["status=2", "error=the disk was full"])
    run(folder, ["status=9"])
    assert capfd.readouterr().err.splitlines()[-1] == (
        "error: job 1: its command ended with status 9 (a sweep/job-1.log)"
    )


def test_a_job_whose_process_was_killed_is_said_to_be(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(folder, ["status=-9"])
    run(folder, ["status=-15"])
    assert capfd.readouterr().err.splitlines() == [
        "error: job 1: its process was ended by signal 9, perhaps for want of memory (a sweep/job-1.log)",
        "error: job 1: its process was ended by signal 15 (a sweep/job-1.log)",
    ]


@pytest.mark.slow
def test_jobs_that_a_killed_command_left_are_waited_for_and_not_begun_a_second_time(folder: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from pipeline.sweeps.processes import run_in_processes\n"
        "from tests.sweeps.test_processes import place, with_place\n"
        "jobs = [with_place(['sleep=3'], place(number=0))]\n"
        "run_in_processes(jobs, module='echo', folder=Path('a sweep'), at_once=1)\n"
    )
    path = os.pathsep.join([str(ROOT), str(folder.parent)])
    with subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}) as command:
        wait_for(lambda: list(Path().glob("began-*")))
        command.kill()
    (began,) = Path().glob("began-*")
    job = int(began.name.partition("-")[2])
    text = rf"jobs of an earlier command, which was killed, still run in a sweep \(process {job}\): wait until"
    with pytest.raises(LockedError, match=text):
        require_no_jobs(folder)
    with pytest.raises(LockedError):
        run(folder, ["seed=0"])
    wait_for(Path("ended").exists)
    psutil.wait_procs([psutil.Process(job)] if psutil.pid_exists(job) else [])
    require_no_jobs(folder)


def test_an_interrupted_sweep_ends_its_processes_and_starts_no_further_job(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        time_sleep(seconds)
        if len(list(Path().glob("began-*"))) == 2:
            raise KeyboardInterrupt

    time_sleep = time.sleep
    monkeypatch.setattr(time, "sleep", interrupt)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(folder, ["sleep=600"], ["sleep=600"], ["sleep=600"])
    assert time.monotonic() - began < 60
    names = [path.name.removeprefix("began-") for path in Path().glob("began-*")]
    assert len(names) == 2
    assert not [name for name in names if Path("/proc", name).exists()]


def test_a_job_that_does_not_end_when_it_is_asked_to_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("echo.py").write_text(
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open(f'began-{os.getpid()}', 'w')\ntime.sleep(600)\n"
    )
    monkeypatch.setattr(processes, "PATIENCE_SECONDS", 0.5)
    time_sleep = time.sleep

    def interrupt(seconds: float) -> None:
        time_sleep(seconds)
        if list(Path().glob("began-*")):
            raise SystemExit(143)

    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(SystemExit):
        run(folder, ["seed=0"])
    (began,) = Path().glob("began-*")
    assert not Path("/proc", began.name.removeprefix("began-")).exists()
