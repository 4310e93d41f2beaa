import re

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.evaluation.pixels import unit_pixels


def test_an_image_is_the_same_whether_as_kept_or_as_networks_give_it() -> None:
    kept = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    given = (kept[..., np.newaxis] / np.float32(127.5) - np.float32(1)).astype(np.float32)
    np.testing.assert_allclose(unit_pixels(given), unit_pixels(kept), atol=1e-7)
    assert unit_pixels(kept)[0, 0, 0] == 0
    assert unit_pixels(kept)[0, -1, -1] == 1


def test_rounding_errors_beyond_ink_and_paper_are_clipped() -> None:
    np.testing.assert_array_equal(unit_pixels(np.array([[[-1.0005, 1.0005]]])), [[[0, 1]]])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((28, 28)), "must be (n, height, width)"),
        (np.zeros((2, 28, 28, 2)), "must be (n, height, width)"),
        (np.zeros((2, 28, 28), np.int64), "must be uint8 or floats. Received: int64"),
        (np.full((2, 28, 28), 1.5), "in [-1, 1]. Received: values from 0 to 1.5"),
        (np.full((2, 28, 28), np.nan), "must be finite"),
    ],
)
def test_what_is_no_image_is_refused(images: NDArray[np.generic], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        unit_pixels(images)
