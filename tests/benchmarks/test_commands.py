import sys
import time
from pathlib import Path

import pytest

from benchmarks.measuring.commands import run_timed
from benchmarks.measuring.machine import describe_machine, usable_cores

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_a_command_runs_in_its_folder_and_its_status_is_told(tmp_path: Path) -> None:
    code = "from pathlib import Path; Path('here').touch(); raise SystemExit(3)"
    assert run_timed([sys.executable, "-c", code], folder=tmp_path).status == 3
    assert (tmp_path / "here").exists()


def test_waiting_costs_seconds_but_no_processor(tmp_path: Path) -> None:
    before = time.time()
    timed = run_timed([sys.executable, "-c", "import time; time.sleep(0.5)"], folder=tmp_path)
    assert before <= timed.began <= time.time() - 0.5
    assert timed.seconds >= 0.5
    assert timed.processor_seconds < timed.seconds


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell what processes that have ended spent")
def test_processor_seconds_are_those_of_the_command(tmp_path: Path) -> None:
    assert 0.29 <= run_timed([sys.executable, "-c", BUSY], folder=tmp_path).processor_seconds < 3


def test_the_machine_has_its_cores_and_releases_but_no_name() -> None:
    machine = describe_machine()
    assert machine["cores"] == usable_cores() >= 1
    assert {"processor", "memory_gib", "python", "tensorflow"} <= machine.keys()
    assert "node" not in machine
