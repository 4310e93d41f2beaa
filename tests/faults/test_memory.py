"""Thirty short trainings in one process, and the memory that the process has after each."""

from pathlib import Path
from statistics import median

import psutil
import pytest

from tests.projects import TINY, Project

JOBS, WARM = 30, 10
MEGABYTES = 20  # between the medians of the jobs 11 to 20 and 21 to 30: 2 a job


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_thirty_jobs_in_one_process_take_no_more_memory_than_twenty(tmp_path: Path, mnist_file: Path) -> None:
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    command = (*TINY, "tracking.system_metrics=false", f"seed=range(0,{JOBS})")
    started = project.train("--multirun", *command)
    assert started.process.stdout is not None
    process, resident = psutil.Process(started.process.pid), list[float]()
    for line in started.process.stdout:
        if line.startswith("trained 6 steps"):  # said once a job has been freed
            resident.append(process.memory_info().rss / 1e6)
    assert started.finish(seconds=60).returncode == 0
    assert len(resident) == JOBS
    middle = (JOBS + WARM) // 2
    assert median(resident[middle:]) - median(resident[WARM:middle]) < MEGABYTES, resident
