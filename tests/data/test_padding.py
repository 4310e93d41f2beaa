"""Digits on larger sheets, and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.padding import crop, pad, window
from pipeline.settings import images

DIGITS = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


@settings(deadline=None, max_examples=20)
@given(size=st.sampled_from([28, 32, 33, 64, 96]), channels=st.sampled_from([1, 3]))
def test_what_was_padded_is_cropped_to_what_it_was(size: int, channels: int) -> None:
    padded = pad(DIGITS, size=size, channels=channels)
    assert padded.shape == (3, size, size, channels)
    assert padded.dtype == np.float32
    cropped = crop(padded, format=images.DIGITS)
    assert cropped.shape == (3, 28, 28, 1)
    np.testing.assert_allclose((cropped[..., 0] + 1) * 127.5, DIGITS, atol=1e-4)


def test_the_sheet_around_a_digit_is_paper() -> None:
    padded = pad(DIGITS, size=32, channels=1)
    assert (padded[:, :2] == -1).all()
    assert (padded[:, :, 30:] == -1).all()


def test_black_is_minus_one_and_white_is_one() -> None:
    ends = np.array([0, 255], np.uint8)[:, np.newaxis, np.newaxis].repeat(28, axis=1).repeat(28, axis=2)
    padded = pad(ends, size=28, channels=1)
    assert (padded[0] == -1).all()
    assert (padded[1] == 1).all()


def test_cropping_takes_the_mean_of_the_channels() -> None:
    sheet = np.stack([np.full((1, 32, 32), value, np.float32) for value in (-1, 0, 0.4)], axis=-1)
    np.testing.assert_allclose(crop(sheet, format=images.DIGITS), -0.2, atol=1e-6)


@pytest.mark.parametrize(("size", "expected"), [(28, slice(0, 28)), (32, slice(2, 30)), (64, slice(18, 46))])
def test_a_digit_lies_in_the_middle(size: int, expected: slice) -> None:
    assert window(size, 28) == expected
