import json
from contextlib import nullcontext
from fnmatch import fnmatch
from pathlib import Path

import pytest

from benchmarks import startup
from benchmarks.startup import BENCHMARK, DIGITS, FIRST, HELP, NOTHING, REFUSED, find_goals
from pipeline.settings.overrides import compose_settings

TINY = ("acgan.generator.filters=[8,8,8]", "acgan.discriminator.filters=[4,4,4,4]", "judge.epochs=1")


def test_help_and_refusals_have_two_seconds_a_step_twelve_and_nothing_to_do_five() -> None:
    goals = find_goals({HELP: [1.9], REFUSED: [2.1], FIRST: [11.0, 13.0, 11.9], NOTHING: [5.0]}, counts=True)
    assert [(goal.want, goal.met) for goal in goals] == [("< 2", True), ("< 2", False), ("< 12", True), ("< 5", False)]


class Clone:
    def wait_for(self, pattern: str, *command: str) -> float:
        assert command[-2:] == ("repro", "train@acgan")
        assert fnmatch("runs/dvc/acgan/0-1/models/samples/step-0000200.npy", pattern)
        assert not fnmatch("runs/dvc/acgan/0-1/models/samples/step-0000150.npy", pattern)
        return 89.0


@pytest.mark.parametrize(("rounds", "met"), [("3", True), ("2", False)])
def test_what_was_waited_for_is_written_and_counts_after_three_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: str, met: bool
) -> None:
    monkeypatch.setattr("benchmarks.measuring.benchmark.ensure_fetched", lambda *_, **__: None)
    monkeypatch.setattr(startup, "_commit", lambda *_: None)
    monkeypatch.setattr(startup, "waits", lambda *_: {HELP: lambda: 1.5, FIRST: lambda: 13.0})
    monkeypatch.setattr(startup, "copied_project", lambda *_, **__: nullcontext(Clone()))
    results = tmp_path / "startup.json"
    assert BENCHMARK.run(["--json", str(results), "--rounds", rounds]) == 1
    goals = json.loads(results.read_text(encoding="utf-8"))["goals"]
    assert [(goal["name"], goal["got"], goal["met"]) for goal in goals] == [
        ("--help, seconds", 1.5, met),
        ("the first training step, seconds", 13.0, False),
        ("from clean clone to first digits, seconds", 89.0, met),
    ]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_what_a_user_waits_for_is_timed(tmp_path: Path, mnist_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not among the words, which the copies of the project take too: their stages read what is copied.
    settings = compose_settings([*TINY, f"data.path='{mnist_file.as_posix()}'"])
    monkeypatch.setattr("benchmarks.measuring.benchmark.compose_settings", lambda _: settings)
    results = tmp_path / "startup.json"
    assert BENCHMARK.run(["--json", str(results), "--rounds", "1", "--stage", "judge", *TINY]) == 1
    rows = {row["name"]: row["median"] for row in json.loads(results.read_text(encoding="utf-8"))["rows"]}
    assert rows.keys() == {f"{name}: wait" for name in (HELP, REFUSED, FIRST, NOTHING, DIGITS)}
    assert rows[f"{HELP}: wait"] < rows[f"{FIRST}: wait"]
