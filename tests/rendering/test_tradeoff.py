from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from PIL import Image

from pipeline.data.keys import Key
from pipeline.evaluation.seeds import Setting
from pipeline.rendering.tradeoff import describe, trade_off

MEASURES = (Key.parse("heldout/coverage"), Key.parse("heldout/accuracy"), Key.parse("heldout/frechet_digit_distance"))


def setting(*runs: tuple[float, float, float]) -> Setting:
    return Setting({}, [dict(zip(MEASURES, run, strict=True)) for run in runs])


def draw(settings: dict[str, Setting], path: Path, **references: float) -> None:
    named = {Key.parse(f"heldout/{name}"): value for name, value in references.items()}
    trade_off(settings, path, measures=MEASURES, references=named, title="a sweep", remark="a remark")


def dots(axes: Any) -> list[list[float]]:
    drawn = [one for one in axes.collections if isinstance(one, PathCollection)]
    return [list(map(float, point)) for one in drawn for point in np.asarray(one.get_offsets())]


THREE = setting((0.5, 0.9, 4.0), (0.6, 0.8, 6.0), (0.7, 0.7, 5.0))


def test_each_run_is_a_point_and_each_setting_a_mean(tmp_path: Path, drawn: list[Any]) -> None:
    draw({"a": THREE, "b": setting((0.2, 0.3, 9.0))}, tmp_path / "sweep.png")
    left, right = drawn[0].axes
    assert dots(left) == [[0.5, 0.9], [0.6, 0.8], [0.7, 0.7], [0.2, 0.3]]
    assert dots(right) == [[4, 0], [6, 0], [5, 0], [9, 1]]
    means = [bars.lines[0].get_xydata()[0].tolist() for bars in left.containers]
    assert means == [pytest.approx([0.6, 0.8]), [0.2, 0.3]]


def test_an_interval_is_drawn_from_three_seeds_on(tmp_path: Path, drawn: list[Any]) -> None:
    draw({"a": THREE, "b": setting((0.2, 0.3, 9.0), (0.3, 0.3, 9.0))}, tmp_path / "sweep.png")
    for axes in drawn[0].axes:
        assert [bars.has_xerr for bars in axes.containers] == [True, False]


def test_the_interval_of_a_setting_with_a_collapsed_run_does_not_shrink_the_others(
    tmp_path: Path, drawn: list[Any]
) -> None:
    collapsed = setting((0.6, 0.97, 4.0), (0.6, 0.96, 3.0), (0.0, 0.1, 552.0))
    draw({"a": THREE, "b": collapsed}, tmp_path / "sweep.png", coverage=0.9, accuracy=1.0)
    left = drawn[0].axes[0]
    assert left.get_xlim() == pytest.approx((-0.225, 1.125))
    assert left.get_ylim() == pytest.approx((-0.125, 1.225))


def test_the_picture_says_where_an_interval_is_cut_off(tmp_path: Path, drawn: list[Any]) -> None:
    draw({"a": setting((0.5, 0.9, 4.0), (0.6, 0.8, 6.0))}, tmp_path / "whole.png")
    draw({"a": THREE}, tmp_path / "cut.png")
    assert ["cut off" in figure.axes[0].get_title() for figure in drawn] == [False, True]


def test_the_rows_name_the_settings_in_their_order_from_above(tmp_path: Path, drawn: list[Any]) -> None:
    draw({"weight=2": THREE, "weight=1": THREE}, tmp_path / "sweep.png")
    right = drawn[0].axes[1]
    assert [label.get_text() for label in right.get_yticklabels()] == ["weight=2", "weight=1"]
    assert right.get_ylim()[0] > right.get_ylim()[1]


def test_what_real_digits_score_is_a_dotted_line_in_each_direction(tmp_path: Path, drawn: list[Any]) -> None:
    draw({"a": THREE}, tmp_path / "sweep.png", coverage=0.95, accuracy=0.99, frechet_digit_distance=0.26)
    dotted = [[line for line in axes.lines if line.get_linestyle() == ":"] for axes in drawn[0].axes]
    assert [list(line.get_xdata()) for line in dotted[0]] == [[0.95, 0.95], [0, 1]]
    assert [list(line.get_xdata()) for line in dotted[1]] == [[0.26, 0.26]]


def test_a_setting_without_figures_keeps_its_row(tmp_path: Path, drawn: list[Any]) -> None:
    half = Setting({}, [{Key.parse("heldout/accuracy"): 0.5}])
    draw({"failed": Setting({}, []), "half": half, "a": THREE}, tmp_path / "sweep.png")
    left, right = drawn[0].axes
    assert len(dots(left)) == 3
    assert [label.get_text() for label in right.get_yticklabels()] == ["failed", "half", "a"]
    assert {place for _, place in dots(right)} == {2}


def test_distances_that_span_much_have_a_logarithmic_axis(tmp_path: Path, drawn: list[Any]) -> None:
    draw({"a": THREE, "b": setting((0.0, 0.1, 200.0))}, tmp_path / "sweep.png")
    assert drawn[0].axes[1].get_xscale() == "log"


def test_many_settings_have_rows_that_do_not_meet(tmp_path: Path) -> None:
    draw(
        {f"soft_label.real=0.{n} auxiliary_weight.real=1.75 generated=0.25": THREE for n in range(20)},
        tmp_path / "a.png",
    )
    with Image.open(tmp_path / "a.png") as image:
        assert image.height > 800


def test_a_sweep_without_a_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`settings` must hold at least one"):
        draw({}, tmp_path / "a.png")


def test_the_picture_is_described_by_its_measures_each_named_once() -> None:
    assert describe(MEASURES) == "accuracy against coverage, beside them Fréchet digit distance"
    assert describe((Key.parse("heldout/bce"), Key.parse("heldout/mse"), Key.parse("heldout/mse"))) == "MSE against BCE"
