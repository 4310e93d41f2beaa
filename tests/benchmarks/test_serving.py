import json
from pathlib import Path

import pytest

from benchmarks.serving import BENCHMARK

TINY = ("acgan.generator.filters=[8,4,4]",)


@pytest.mark.long
def test_every_answer_of_a_service_is_timed(tmp_path: Path, mnist_file: Path) -> None:
    results = tmp_path / "serving.json"
    words = [*TINY, f"data.path='{mnist_file.as_posix()}'"]
    assert BENCHMARK.run([*words, "--json", str(results), "--requests", "40"]) == 1
    found = json.loads(results.read_text(encoding="utf-8"))
    (goal,) = found["goals"]
    assert (goal["name"], goal["got"], goal["met"]) == ("requests that failed", 0, False)
    middle, most, nearly_all = (row["median"] for row in found["rows"])
    assert 0 < middle <= most <= nearly_all
    assert found["text"].startswith("40 digits, 16 at a time: ")
