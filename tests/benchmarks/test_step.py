import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from benchmarks.children.arithmetic import multiply_adds, step_operations
from benchmarks.children.example import Example
from benchmarks.measuring import BenchmarkError
from benchmarks.step import BENCHMARK, Samples, find_goals, make_rows, matrix_rate
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.images import DIGITS
from pipeline.settings.overrides import compose_settings

RATES = [100e9, 120e9, 100e9]
FOUND = {
    "example": Samples(100, 100_000_000_000, [2.0, 4.0, 2.0], 1_200_000_000),
    "torch": Samples(100, 100_000_000_000, [1.5, 1.5, 1.5], 700_000_000),
    "torch-compiled": Samples(100, 100_000_000_000, [1.8, 1.8, 1.8], 700_000_000),
    "original": Samples(100, 100_000_000_000, [1.0, 1.0, 1.25], 1_100_000_000),
    "default": Samples(100, 60_000_000_000, [0.5, 0.5, 0.5], 1_000_000_000),
    "default-own": Samples(50, 30_000_000_000, [0.25, 0.25, 0.25], 1_000_000_000),
}
TINY = (
    *("acgan.batch_size=4", "acgan.generator.likelihood.images=2"),
    *("acgan.generator.filters=[8,4,4]", "acgan.discriminator.filters=[4,4,8,8]"),
)


def acgan(*words: str) -> AcganSettings:
    model = compose_settings(words).model
    assert isinstance(model, AcganSettings)
    return model


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


def test_images_a_second_are_real_images_of_the_ways_own_batch() -> None:
    rows = {row.name: row for row in make_rows(FOUND, RATES)}
    assert rows["ours, default recipe at its own batch: speed"].median == 200
    assert rows["NumPy's matrix product: rate"].median == 100
    assert rows["ours, original: speed against the example's own way"].max == 4


def test_doubling_a_matrix_does_not_change_what_a_rate_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.step.time_call", lambda multiply: len(multiply.args[0]) ** 3 * 2e-9)
    assert [matrix_rate(size, 3) for size in (32, 64)] == pytest.approx([1e9, 1e9])


def test_an_unknown_way_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        BENCHMARK.parse(["--only", "original", "--only", "jax"])
    assert left.value.code == 2
    assert "invalid choice: 'jax'" in capsys.readouterr().err


def test_a_dense_layer_multiplies_every_input_with_every_unit_and_a_convolution_its_window_at_every_place() -> None:
    settings = acgan("experiment=original")
    generator = multiply_adds(
        build_generator(settings.generator, latent_size=settings.latent_size, seed=0, format=DIGITS)
    )
    discriminator = multiply_adds(build_discriminator(settings.discriminator, seed=0, format=DIGITS))
    assert (generator[0], discriminator[0], discriminator[3]) == (100 * 3456, 9 * 32 * 14 * 14, 9 * 128 * 256 * 7 * 7)
    assert [sum(generator), sum(discriminator)] == pytest.approx([40.0e6, 21.9e6], rel=2e-3)


def test_a_step_of_the_original_takes_100_billion_operations_and_shared_images_save_two_fifths() -> None:
    original = step_operations(acgan("experiment=original"))
    assert original == pytest.approx(100e9, rel=0.005)
    assert step_operations(acgan("acgan.batch_size=100")) / original == pytest.approx(0.59, abs=0.01)


def test_a_layer_of_another_kind_is_refused_rather_than_left_out() -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.SeparableConv2D(4, 3)(image))
    model.layers[-1].kernel = None
    with pytest.raises(BenchmarkError, match="Received: SeparableConv2D"):
        multiply_adds(model)


@pytest.fixture
def example(tmp_path: Path) -> Example:
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 256, (40, 28, 28), np.uint8), (np.arange(40) % 10).astype(np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels)
    return Example(acgan("experiment=original", *TINY).model_dump(mode="json"), str(tmp_path / "mnist.npz"))


@pytest.mark.long
def test_the_example_trains_both_networks_and_its_discriminator_only_on_its_own_turn(example: Example) -> None:
    example.take_step(0)
    before = weights(example.discriminator), weights(example.generator)
    example.take_step(1)
    assert all(changed(before[0], weights(example.discriminator)))
    assert any(changed(before[1], weights(example.generator)))
    frozen = weights(example.discriminator)
    example.train_generator(example.draw_pairs(8))
    assert not any(changed(frozen, weights(example.discriminator)))


def weights(model: Any) -> list[Any]:
    return [variable.numpy() for variable in model.weights if "seed" not in variable.path]


def changed(before: list[Any], after: list[Any]) -> list[bool]:
    return [bool(np.any(one != other)) for one, other in zip(before, after, strict=True)]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ways_are_timed_and_torch_is_left_out_with_a_word_where_it_is_not(tmp_path: Path, mnist_file: Path) -> None:
    results = tmp_path / "step.json"
    only = [word for name in ("example", "torch", "original") for word in ("--only", name)]
    words = ["--rounds", "4", "--steps", "1", *only, "--torch", "/no/such/python"]
    assert BENCHMARK.run(["--json", str(results), *words, *TINY, f"data.path='{mnist_file.as_posix()}'"]) == 1
    content = json.loads(results.read_text(encoding="utf-8"))
    assert {"machine", "rows", "goals"} <= content.keys()
    assert {row["name"].partition(":")[0] for row in content["rows"]} == {
        "NumPy's matrix product",
        "the example's own way",
        "ours, original",
    }
    assert {row["runs"] for row in content["rows"] if row["unit"] == "s"} == {4}
    assert "PyTorch, eager failed and is left out" in results.with_suffix(".md").read_text(encoding="utf-8")
    assert results.with_suffix(".png").exists()
    assert sys.executable not in results.read_text(encoding="utf-8")
