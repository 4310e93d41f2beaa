from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from PIL import Image

from pipeline.rendering.figures import DOTS_PER_INCH, TITLE_INCHES
from pipeline.rendering.histograms import CELL_HEIGHT, CELL_WIDTH, Histogram, describe, weight_histograms


def histogram_of(values: Any) -> Histogram:
    return describe("dense", "bias", np.asarray(values))


def bars_of(figure: Figure) -> list[StepPatch]:
    return [artist for artist in figure.patches + figure.artists if isinstance(artist, StepPatch)]


def test_each_weight_has_a_panel_with_its_layer_name_and_shape(tmp_path: Path, drawn: list[Any]) -> None:
    normal = np.random.default_rng(0).normal(size=(5, 5, 192, 4))
    coefficients = {
        "dense": {"kernel": normal, "bias": normal[0, 0, :, 0]},
        "flatten": {},
        "scale": {"gamma": normal[0]},
    }
    weight_histograms(coefficients, tmp_path / "weights.png", title="weights")
    written = [text.get_text() for text in drawn[0].texts]
    headings = ["dense\nkernel 5 × 5 × 192 × 4", "dense\nbias 192", "scale\ngamma 5 × 192 × 4"]
    assert [text for text in written if "\n" in text and "mean" not in text] == headings
    assert len(bars_of(drawn[0])) == 3


def test_a_weight_is_described_by_mean_deviation_and_whole_range() -> None:
    assert histogram_of([-1.0, 3.0]).remarks == ("mean 1, deviation 2", "from -1 to 3")


def test_the_bars_sum_to_nearly_all_weights() -> None:
    assert 0.999 <= histogram_of(np.random.default_rng(0).normal(size=10_000)).shares.sum() < 1


def test_one_far_outlier_does_not_squeeze_the_rest() -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    values[0] = 1e6
    histogram = histogram_of(values)
    assert histogram.span is not None
    assert histogram.span[1] < 5
    assert "to 1e+06" in histogram.remarks[1]


def test_an_outlier_among_equal_weights_is_still_counted() -> None:
    values = np.zeros(10_000)
    values[0] = 1.0
    histogram = histogram_of(values)
    assert histogram.edges[-1] == 1
    assert histogram.shares[-1] == 1e-4


@pytest.mark.parametrize("value", [0.0, 1.0, -0.03])
def test_weights_that_are_all_equal_are_said_to_be(value: float) -> None:
    histogram = histogram_of(np.full(96, value))
    assert histogram.remarks == (f"all {value:g}",)
    assert histogram.edges[0] < value < histogram.edges[-1]


def test_weights_that_differ_by_rounding_alone_are_one_value() -> None:
    assert histogram_of([1.0, np.nextafter(1.0, 2.0)]).remarks == ("all 1",)


def test_weights_that_are_not_finite_are_counted_in_words() -> None:
    histogram = histogram_of([np.nan, np.inf, 1.0, 2.0])
    assert histogram.remarks == ("not finite: 2 of 4", "mean 1.5, deviation 0.5", "from 1 to 2")
    assert histogram.lost == 2
    assert histogram.shares.sum() == 1


def test_a_panel_without_a_finite_weight_has_its_remark_alone(tmp_path: Path, drawn: list[Any]) -> None:
    weight_histograms({"dense": {"bias": np.full(3, np.nan)}}, tmp_path / "weights.png", title="weights")
    assert "not finite: 3 of 3" in [text.get_text() for text in drawn[0].texts]
    assert bars_of(drawn[0]) == []


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1e-6), (0.0, 0.07), (0.0, 2e6), (1.0, 1e-6), (-3e7, 1.0)])
def test_labels_stand_below_the_values_that_they_name(
    tmp_path: Path, drawn: list[Any], offset: float, scale: float
) -> None:
    values = offset + scale * np.random.default_rng(0).normal(size=500)
    weight_histograms({"dense": {"bias": values}}, tmp_path / "weights.png", title="weights")
    (bars,) = bars_of(drawn[0])
    below = [text for text in drawn[0].texts if text.get_va() == "top" and text.get_ha() == "center"][1:]
    assert len({text.get_text() for text in below}) == len(below) >= 2
    for text in below:
        along, _ = bars.get_transform().transform((float(text.get_text()), 0))
        assert along / DOTS_PER_INCH == pytest.approx(text.get_position()[0], abs=0.02)


def test_shares_stand_beside_the_heights_that_they_name(tmp_path: Path, drawn: list[Any]) -> None:
    weight_histograms({"dense": {"bias": np.array([1.0, 2.0, 2.0, 2.0])}}, tmp_path / "weights.png", title="weights")
    (bars,) = bars_of(drawn[0])
    shares = [text for text in drawn[0].texts if text.get_text().endswith("%")]
    assert [text.get_text() for text in shares] == ["0 %", "25 %", "50 %", "75 %", "100 %"]
    for text in shares:
        _, up = bars.get_transform().transform((1.0, float(text.get_text()[:-1]) / 100))
        assert up / DOTS_PER_INCH == pytest.approx(text.get_position()[1])


def test_panels_lie_row_by_row_in_cells_below_the_title(tmp_path: Path, drawn: list[Any]) -> None:
    coefficients = {f"layer_{place}": {"kernel": np.arange(50.0)} for place in range(6)}
    weight_histograms(coefficients, tmp_path / "weights.png", title="weights")
    assert drawn[0].get_size_inches().tolist() == [4 * CELL_WIDTH, 2 * CELL_HEIGHT + TITLE_INCHES]
    for place, bars in enumerate(bars_of(drawn[0])):
        row, column = divmod(place, 4)
        box = bars.get_window_extent()
        across, up = np.array([box.x0, box.x1]) / DOTS_PER_INCH, np.array([box.y0, box.y1]) / DOTS_PER_INCH
        assert np.all(across // CELL_WIDTH == column)
        assert np.all(up // CELL_HEIGHT == 1 - row)


def test_thirty_weights_make_a_picture_that_fits_a_browsers_width(tmp_path: Path) -> None:
    coefficients = {f"layer_{place}": {"kernel": np.arange(50.0)} for place in range(30)}
    weight_histograms(coefficients, tmp_path / "weights.png", title="weights")
    with Image.open(tmp_path / "weights.png") as image:
        assert image.width == 1200


def test_no_weight_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"at least one weight. Received: layers \['flatten'\]"):
        weight_histograms({"flatten": {}}, tmp_path / "weights.png", title="weights")
