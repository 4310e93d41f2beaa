import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.measuring.results import Row
from benchmarks.step import main, parse
from benchmarks.steps.example import Example
from benchmarks.steps.matrix import matrix_rate
from benchmarks.steps.summary import Samples, draw_steps, find_goals, make_rows, variants_table
from benchmarks.steps.variants import has_torch, settings_of

RATES = [100e9, 120e9, 100e9]
FOUND = {
    "example": Samples([2.0, 4.0, 2.0], 100, 1_200_000_000, 100_000_000_000),
    "torch": Samples([1.5, 1.5, 1.5], 100, 700_000_000, 100_000_000_000),
    "torch-compiled": Samples([1.8, 1.8, 1.8], 100, 700_000_000, 100_000_000_000),
    "original": Samples([1.0, 1.0, 1.25], 100, 1_100_000_000, 100_000_000_000),
    "default": Samples([0.5, 0.5, 0.5], 100, 1_000_000_000, 60_000_000_000),
    "default-own": Samples([0.25, 0.25, 0.25], 50, 1_000_000_000, 30_000_000_000),
}
TINY = ("acgan.batch_size=4", "acgan.generator.filters=[8,4,4]", "acgan.discriminator.filters=[4,4,8,8]")


def test_goals_compare_ways_within_a_round_and_take_the_middle_of_the_rounds() -> None:
    goals = {goal.name: (goal.got, goal.met) for goal in find_goals(FOUND, RATES, counts=True)}
    assert goals == {
        "original against the example's own way": (2.0, True),
        "original against PyTorch's best": (1.5, True),
        "original: share of the matrix product's rate": (pytest.approx(0.8333, abs=1e-4), True),
        "default against original, both at batch 100": (2.0, True),
        "peak memory of steps, GB": (1.1, True),
    }


def test_a_way_that_was_not_run_leaves_its_goal_unmet_and_without_a_figure() -> None:
    goals = find_goals({"original": FOUND["original"]}, RATES, counts=True)
    assert [(goal.got is None, goal.met) for goal in goals[:2]] == [(True, False), (True, False)]


def test_too_few_rounds_meet_nothing() -> None:
    assert not any(goal.met for goal in find_goals(FOUND, RATES, counts=False))


def test_images_a_second_are_real_images_of_the_ways_own_batch() -> None:
    rows = {row.name: row for row in make_rows(FOUND, RATES)}
    assert rows["ours, default recipe at its own batch: speed"].median == 200
    assert rows["NumPy's matrix product"] == Row.of("NumPy's matrix product", [100.0, 120.0, 100.0], unit="GFLOP/s")
    assert rows["ours, original: speed against the example's own way"].max == 4


def test_the_table_has_a_line_a_way() -> None:
    lines = variants_table(FOUND, RATES).splitlines()
    assert lines[2] == ("| the example's own way | 100 | 2.000 (2.000–4.000) | 50 | 1.00× | 100.0 | 50% | 1.20 |")
    assert len(lines) == 2 + len(FOUND)


def test_speed_and_share_are_drawn(tmp_path: Path, drawn: list[Any]) -> None:
    draw_steps(FOUND, RATES, tmp_path / "step.png")
    speed, share = drawn[0].axes
    assert [bar.get_width() for bar in speed.patches] == pytest.approx([50, 66.7, 55.6, 100, 200, 200], abs=0.1)
    assert share.get_title() == "share of the matrix product's rate"


def test_doubling_a_matrix_does_not_change_what_a_rate_is() -> None:
    assert 1e8 < matrix_rate(256, 3) < 1e14


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "original,jax"], "Received: 'jax'"),
        (["--rounds", "0"], "must be a whole number of 1 or more. Received: 0"),
    ],
)
def test_a_mistyped_option_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(words)
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_a_mistyped_setting_is_one_line_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "original", "acgan.stepz=3"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "acgan.stepz" in line


def test_an_interpreter_that_is_not_there_has_no_torch() -> None:
    assert not has_torch("/no/such/python")


@pytest.fixture
def example(tmp_path: Path) -> Example:
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 256, (40, 28, 28), np.uint8), (np.arange(40) % 10).astype(np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels)
    return Example(settings_of("original", TINY).model_dump(mode="json"), str(tmp_path / "mnist.npz"))


@pytest.mark.slow
def test_the_example_trains_both_networks_and_its_discriminator_only_on_its_own_turn(example: Example) -> None:
    example.take_step()
    before = weights(example.discriminator), weights(example.generator)
    example.take_step()
    assert all(changed(before[0], weights(example.discriminator)))
    assert any(changed(before[1], weights(example.generator)))
    frozen = weights(example.discriminator)
    pairs = example._pairs(8)
    targets = {"generation": np.full((8, 1), 0.95, np.float32), "auxiliary": pairs["digit"][:, 0]}
    example._train_generator(pairs, targets)
    assert not any(changed(frozen, weights(example.discriminator)))


def weights(model: Any) -> list[Any]:
    return [variable.numpy() for variable in model.weights if "seed" not in variable.path]


def changed(before: list[Any], after: list[Any]) -> list[bool]:
    return [bool(np.any(one != other)) for one, other in zip(before, after, strict=True)]


@pytest.mark.slow
def test_ways_are_timed_and_torch_is_left_out_with_a_word_where_it_is_not(tmp_path: Path) -> None:
    results = tmp_path / "step.json"
    words = ["--rounds", "4", "--steps", "1", "--only", "example,torch,original", "--torch", "/no/such/python"]
    assert main(["--json", str(results), *words, *TINY]) == 1
    content = json.loads(results.read_text(encoding="utf-8"))
    assert {"machine", "rows", "goals"} <= content.keys()
    assert {row["name"].partition(":")[0] for row in content["rows"]} == {
        "NumPy's matrix product",
        "the example's own way",
        "ours, original",
    }
    assert {row["runs"] for row in content["rows"] if row["unit"] == "s"} == {4}
    assert "PyTorch is not installed" in results.with_suffix(".md").read_text(encoding="utf-8")
    assert results.with_suffix(".png").exists()
    assert sys.executable not in results.read_text(encoding="utf-8")
