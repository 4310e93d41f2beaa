"""Jobs of a sweep that several processes claim."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.settings.exits import JobFailedError
from pipeline.settings.job import Job
from pipeline.sweeps import workers

ECHO = """
import os, sys, time
from pathlib import Path
print(os.environ["TF_NUM_INTRAOP_THREADS"], *sys.argv[1:], flush=True)
time.sleep(float(os.environ.get("SLEEP", "0")))
sys.exit(int(os.environ.get("STATUS", "0")))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A sweep's folder, in a place where `python -m echo` prints what it was started with."""
    (tmp_path / "echo.py").write_text(ECHO, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py", "+sweep=mine", "hydra.sweep.dir=elsewhere", "seed=0,1"])
    for name in workers.THREADS:
        monkeypatch.setenv(name, "unset")
        monkeypatch.delenv(name)
    yield tmp_path / "a sweep"
    for name in workers.THREADS:
        os.environ.pop(name, None)


def _job(folder: Path, number: int) -> Job:
    return Job("pipeline.train", (), sweep=folder, number=number)


def _sweep_ending_in(error: type[BaseException], folder: Path) -> None:
    with workers.join_workers():
        workers.start_workers("echo", folder, jobs=2)
        raise error


def test_a_job_is_claimed_once(folder: Path) -> None:
    assert [workers.claim_job(_job(folder, number)) for number in (0, 1, 0, 2, 1)] == [True, True, False, True, False]


def test_outside_a_sweep_there_is_nothing_to_claim() -> None:
    assert [workers.claim_job(Job("pipeline.train", ())) for _ in range(2)] == [True, True]


def test_jobs_of_a_sweep_that_was_cut_off_can_be_claimed_again(folder: Path) -> None:
    workers.claim_job(_job(folder, 0))
    workers.start_workers("echo", folder, jobs=1)
    assert workers.claim_job(_job(folder, 0))
    assert not list(folder.glob("*.log"))
    assert workers.THREADS[0] not in os.environ


def test_workers_run_the_same_command_on_a_share_of_the_processors(folder: Path) -> None:
    with workers.join_workers():
        workers.start_workers("echo", folder, jobs=3)
    share = max(1, (os.cpu_count() or 1) // 3)
    for number in (1, 2):
        printed = (folder / f"worker-{number}.log").read_text(encoding="utf-8")
        assert printed == f"{share} +sweep=mine seed=0,1 hydra.sweep.dir='{folder}'\n"
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == str(share)


def test_threads_that_the_user_chose_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    with workers.join_workers():
        workers.start_workers("echo", folder, jobs=2)
    assert (folder / "worker-1.log").read_text(encoding="utf-8").startswith("7 ")


def test_a_job_that_failed_in_a_worker_fails_the_sweep_and_the_error_names_its_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUS", "1")
    with (
        pytest.raises(JobFailedError, match=r"a job of the sweep failed: see .*worker-1\.log$"),
        workers.join_workers(),
    ):
        workers.start_workers("echo", folder, jobs=2)


def test_a_job_that_failed_here_lets_the_workers_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEP", "0.5")
    with pytest.raises(ZeroDivisionError):
        _sweep_ending_in(ZeroDivisionError, folder)
    assert (folder / "worker-1.log").read_text(encoding="utf-8")


def test_an_interrupted_sweep_ends_its_workers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEP", "600")
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        _sweep_ending_in(KeyboardInterrupt, folder)
    assert time.monotonic() - began < 60
