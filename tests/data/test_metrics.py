"""Figures as files have them: the same bytes wherever they were computed."""

import json
import math
from typing import Any

import pytest

from pipeline.data.keys import Key
from pipeline.data.metrics import nest, rounded


def test_metrics_stand_in_a_block_for_each_part_of_their_keys() -> None:
    assert nest({Key.parse("test/hard/generator/loss"): 0.7}) == {"test": {"hard": {"generator": {"loss": 0.7}}}}


def test_figures_that_differ_in_the_fourteenth_digit_are_written_alike() -> None:
    figure = 3.141592653589793
    one, other = ({"frechet": [figure * factor, {"x": factor}]} for factor in (1.0, 1 + 3e-15))
    assert one != other
    assert json.dumps(rounded(one)) == json.dumps(rounded(other)) == '{"frechet": [3.14159265359, {"x": 1.0}]}'


@pytest.mark.parametrize("value", [1.25e-30, -0.1, 12345678901.2, 1e300])
def test_twelve_digits_are_kept(value: float) -> None:
    assert rounded(value) == value
    assert abs(rounded(value * math.pi) / (value * math.pi) - 1) < 1e-11


@pytest.mark.parametrize("value", [None, True, 2**60, "0.1234567890123456", [], {}])
def test_what_is_no_figure_stays(value: Any) -> None:
    assert rounded(value) == value
    assert type(rounded(value)) is type(value)
