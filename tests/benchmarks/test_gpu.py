import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import UNTOUCHED
from benchmarks.gpu import BENCHMARK, OURS, find_goals, make_rows

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


@pytest.mark.slow
def test_without_a_gpu_it_says_in_one_line_that_it_needs_one(
    tmp_path: Path, mnist_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mnist_file.exists()
    monkeypatch.setattr("benchmarks.measuring.child.UNTOUCHED", {**UNTOUCHED, "CUDA_VISIBLE_DEVICES": ""})
    assert BENCHMARK.run(["--json", str(tmp_path / "gpu.json")]) == 2
    refused = "error: `benchmarks.gpu` needs a GPU that TensorFlow sees. Received: none (--smoke: run anyway)\n"
    assert capsys.readouterr().err == refused
    assert not list(tmp_path.glob("gpu*"))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_smoke_test_measures_every_way_of_ours_without_a_gpu(tmp_path: Path, mnist_file: Path) -> None:
    assert mnist_file.exists()
    results, words = tmp_path / "gpu.json", ["--smoke", "--calls", "1", "--torch", "/no/such/python"]
    assert BENCHMARK.run(["--json", str(results), *words, *TINY, *SHORT]) == 1
    rows = {row["name"]: row["median"] for row in json.loads(results.read_text(encoding="utf-8"))["rows"]}
    assert {f"{way}: a step, 2 a call" for way in OURS} <= rows.keys()
    assert rows["default, all steps and reports: time"] > 0
    assert results.with_suffix(".png").exists()
