"""Tests of the names of measures as a person writes them."""

import pytest

from pipeline.rendering.spelling import spell


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("frechet_digit_distance", "Fréchet digit distance"),
        ("ssim_by_digit/mean", "SSIM by digit, mean"),
        ("kl_divergence", "KL divergence"),
        ("pca/mse", "PCA, MSE"),
        ("random_encoder_linear_decoder/bce", "random encoder linear decoder, BCE"),
    ],
)
def test_abbreviations_and_names_are_written_as_persons_write_them(name: str, spelled: str) -> None:
    assert spell(name) == spelled
