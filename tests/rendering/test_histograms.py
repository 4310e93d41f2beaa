from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from pipeline.rendering.histograms import weight_histograms


def texts(axes: Axes) -> str:
    return "\n".join(text.get_text() for text in axes.texts)


def test_each_weight_has_a_panel_with_its_layer_name_and_shape(tmp_path: Path, drawn: list[Any]) -> None:
    normal = np.random.default_rng(0).normal(size=(5, 5, 192, 4))
    coefficients = {
        "dense": {"kernel": normal, "bias": normal[0, 0, :, 0]},
        "flatten": {},
        "scale": {"gamma": normal[0]},
    }
    weight_histograms(coefficients, tmp_path / "weights.png", title="weights")
    titles = [axes.get_title() for axes in drawn[0].axes]
    assert titles == ["dense\nkernel 5 × 5 × 192 × 4", "dense\nbias 192", "scale\ngamma 5 × 192 × 4"]


def test_a_panel_says_mean_deviation_and_whole_range(tmp_path: Path, drawn: list[Any]) -> None:
    weight_histograms({"dense": {"bias": np.array([-1.0, 3.0])}}, tmp_path / "weights.png", title="weights")
    assert texts(drawn[0].axes[0]) == "mean 1, deviation 2\nfrom -1 to 3"


def test_the_bars_of_a_panel_sum_to_nearly_all_weights(tmp_path: Path, drawn: list[Any]) -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    weight_histograms({"dense": {"kernel": values}}, tmp_path / "weights.png", title="weights")
    shares = drawn[0].axes[0].patches[0].get_data().values
    assert 0.999 <= shares.sum() < 1


def test_one_far_outlier_does_not_squeeze_the_rest(tmp_path: Path, drawn: list[Any]) -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    values[0] = 1e6
    weight_histograms({"dense": {"kernel": values}}, tmp_path / "weights.png", title="weights")
    assert drawn[0].axes[0].get_xlim()[1] < 5
    assert "to 1e+06" in texts(drawn[0].axes[0])


def test_an_outlier_among_equal_weights_is_still_drawn(tmp_path: Path, drawn: list[Any]) -> None:
    values = np.zeros(10_000)
    values[0] = 1.0
    weight_histograms({"dense": {"kernel": values}}, tmp_path / "weights.png", title="weights")
    assert drawn[0].axes[0].get_xlim()[1] >= 1


@pytest.mark.parametrize("value", [0.0, 1.0, -0.03])
def test_weights_that_are_all_equal_are_said_to_be(tmp_path: Path, drawn: list[Any], value: float) -> None:
    weight_histograms({"dense": {"bias": np.full(96, value)}}, tmp_path / "weights.png", title="weights")
    assert texts(drawn[0].axes[0]) == f"all {value:g}"


def test_weights_that_differ_by_rounding_alone_are_one_value(tmp_path: Path, drawn: list[Any]) -> None:
    values = np.array([1.0, np.nextafter(1.0, 2.0)])
    weight_histograms({"dense": {"bias": values}}, tmp_path / "weights.png", title="weights")
    assert texts(drawn[0].axes[0]) == "all 1"


def test_weights_that_are_not_finite_are_counted_in_words(tmp_path: Path, drawn: list[Any]) -> None:
    values = np.array([np.nan, np.inf, 1.0, 2.0])
    coefficients = {"dense": {"kernel": values, "bias": np.full(3, np.nan)}}
    weight_histograms(coefficients, tmp_path / "weights.png", title="weights")
    assert texts(drawn[0].axes[0]).startswith("not finite: 2 of 4\nmean 1.5")
    assert texts(drawn[0].axes[1]) == "not finite: 3 of 3"


@pytest.mark.slow
def test_thirty_weights_make_a_picture_that_fits_a_browsers_width(tmp_path: Path) -> None:
    coefficients = {f"layer_{place}": {"kernel": np.arange(50.0)} for place in range(30)}
    weight_histograms(coefficients, tmp_path / "weights.png", title="weights")
    with Image.open(tmp_path / "weights.png") as image:
        assert image.width == 1200


def test_no_weight_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"at least one weight. Received: layers \['flatten'\]"):
        weight_histograms({"flatten": {}}, tmp_path / "weights.png", title="weights")
