import argparse
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import UNTOUCHED, gpu
from benchmarks.gpu import BENCHMARK, CACHED, DEFAULT, ORIGINAL, WAYS, find_goals, make_rows
from benchmarks.measuring import BenchmarkError, Results

TINY = (
    *("acgan.batch_size=4", "acgan.generator.likelihood.images=2"),
    *("acgan.generator.filters=[8,4,4]", "acgan.discriminator.filters=[4,4,8,8]"),
)
SHORT = ("acgan.steps=4", "acgan.report_every=4", "acgan.report_images=10", "compute.steps_per_call=2")
ONE: dict[str, Any] = {"gpu": "H100", "per_call": 50, "first": 18.0, "several": [0.002] * 3}
FOUND = {"default": {**ONE, "whole": 31.0}, "original": {**ONE, "several": [0.003, 0.0031, 0.0029]}}


def test_goals_are_of_several_steps_a_call_and_of_an_epoch_of_600() -> None:
    peers = {"PyTorch, eager": {"several": [0.0156]}, "PyTorch, channels-last": {"several": [0.012]}}
    goals = find_goals({**FOUND, **peers}, counts=True)
    assert [(goal.got, goal.met) for goal in goals] == [
        (pytest.approx(2.0), True),
        (18.0, True),
        (31.0, False),
        (pytest.approx(1.8), True),
        (pytest.approx(4.0), True),
    ]


def test_without_pytorch_or_a_way_their_goals_have_no_figure() -> None:
    goals = find_goals({"default": FOUND["default"]}, counts=True)
    assert [goal.got is None for goal in goals] == [False, False, False, True, True]


def test_rows_say_how_many_steps_a_call_has() -> None:
    peer = {"PyTorch, eager": {"several": [0.004]}}
    names = {row.name: row.median for row in make_rows({**FOUND, **peer})}
    assert names["PyTorch, eager: a step"] == pytest.approx(4)
    assert names["default: a step, 50 a call"] == pytest.approx(2)
    assert names["original: a step, 50 a call"] == pytest.approx(3)
    assert names["default, all steps and reports: time"] == 31


def _measure(monkeypatch: pytest.MonkeyPatch, results: Path, ask: Callable[[str], dict[str, Any]]) -> Results:
    monkeypatch.setattr(gpu, "_ask", lambda name, *_, **__: ask(name))
    options = BENCHMARK.parse(["--json", str(results)])
    return gpu.measure(argparse.Namespace(**vars(options), machine={}))


def test_a_way_that_fails_leaves_the_others_and_its_goals_without_a_figure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ask(name: str) -> dict[str, Any]:
        if name == DEFAULT:
            raise BenchmarkError("no memory")
        return ONE

    found = _measure(monkeypatch, tmp_path / "gpu.json", ask)
    assert "default is left out: no memory\n" in capsys.readouterr().out
    assert [goal.shown for goal in found.goals] == ["missing"] * 3 + ["1.2", "1"]
    assert not any(goal.met for goal in found.goals[:3])
    assert {row.subject for row in found.rows} == set(WAYS) - {DEFAULT}


def test_what_was_measured_is_kept_though_a_later_way_ends_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def ask(name: str) -> dict[str, Any]:
        if name == WAYS[2]:
            raise KeyboardInterrupt
        return ONE

    with pytest.raises(KeyboardInterrupt):
        _measure(monkeypatch, tmp_path / "gpu.json", ask)
    kept = Results.read(tmp_path / "gpu.json")
    assert {row.subject for row in kept.rows} == {DEFAULT, ORIGINAL}


def test_ways_that_are_left_after_six_minutes_are_left_out_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(gpu, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def ask(_: str) -> dict[str, Any]:
        clock.now += 150
        return ONE

    found = _measure(monkeypatch, tmp_path / "gpu.json", ask)
    assert {row.subject for row in found.rows} == set(WAYS[:3])
    assert capsys.readouterr().out.splitlines()[3:] == [f"left out, 6 minutes being over: {'; '.join(WAYS[3:])}"]


def test_a_cache_is_filled_and_read_by_two_processes_and_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    caches: list[str] = []

    def ask(request: dict[str, Any], _: float, environment: dict[str, str]) -> dict[str, Any]:
        cache = environment["TF_XLA_FLAGS"].removeprefix("--tf_xla_persistent_cache_directory=")
        caches.append(cache)
        assert Path(cache).is_dir()
        return ONE | {"calls": request["calls"]}

    monkeypatch.setattr(gpu, "_ask_ours", ask)
    assert gpu._ask(CACHED, BENCHMARK.parse(["--calls", "7"]), seconds=60)["calls"] == 7
    assert caches == [caches[0]] * 2
    assert not Path(caches[0]).exists()


def test_what_a_way_has_answered_stays_though_the_whole_training_takes_too_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Hanging:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def __enter__(self) -> "Hanging":
            return self

        def __exit__(self, *_: object) -> None: ...

        def ask(self, *, whole: bool, **_: Any) -> dict[str, Any]:
            if whole:
                raise BenchmarkError("it must answer within 60 seconds")
            return dict(ONE)

    monkeypatch.setattr(gpu, "Child", Hanging)
    assert gpu._ask(DEFAULT, BENCHMARK.parse(["--calls", "7"]), seconds=60) == ONE
    assert capsys.readouterr().out == "the whole training is left out: it must answer within 60 seconds\n"


def test_a_gpu_that_tensorflow_does_not_see_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(BenchmarkError, match=r"Received: none, though it is there \(--smoke: run anyway\)"):
        _measure(monkeypatch, tmp_path / "gpu.json", lambda _: {"gpu": None, "hint": ", though it is there"})
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_without_a_gpu_it_says_in_one_line_that_it_needs_one(
    tmp_path: Path, mnist_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.measuring.child.UNTOUCHED", {**UNTOUCHED, "CUDA_VISIBLE_DEVICES": ""})
    assert BENCHMARK.run(["--json", str(tmp_path / "gpu.json"), f"data.path='{mnist_file.as_posix()}'"]) == 2
    refused = "error: `benchmarks.gpu` needs a GPU that TensorFlow sees. Received: none (--smoke: run anyway)\n"
    assert capsys.readouterr().err == refused
    assert not list(tmp_path.glob("gpu*"))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_smoke_test_measures_without_a_gpu(tmp_path: Path, mnist_file: Path) -> None:
    results, words = tmp_path / "gpu.json", ["--smoke", "--calls", "1", "--minutes", "14", "--torch", "/no/such/python"]
    ways = (DEFAULT, ORIGINAL, CACHED)
    words += [word for way in (*ways, "PyTorch, eager") for word in ("--only", way)]
    assert BENCHMARK.run(["--json", str(results), *words, *TINY, *SHORT, f"data.path='{mnist_file.as_posix()}'"]) == 1
    rows = {row["name"]: row["median"] for row in json.loads(results.read_text(encoding="utf-8"))["rows"]}
    assert {f"{way}: a step, 2 a call" for way in ways} <= rows.keys()
    assert rows["default, all steps and reports: time"] > 0
    assert results.with_suffix(".png").exists()
