"""Reconstructions from simple codes, to compare a trained code with."""

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.pixels import flat_pixels

Images = NDArray[np.uint8]
Codes = NDArray[np.floating]

HALF_A_LEVEL = 0.5 / 255


def pca_errors(train: Images, unseen: Images, *, size: int) -> dict[str, float]:
    """Scores principal components, the best linear code of its size, by `pixel_errors`.

    They are found on `train` and reconstruct `unseen`, both uint8 `(n, height, width)` or with channels. The
    numbers in a code are limited to the number of images and of pixels.
    """
    # Not at the top: other commands would wait a second for it.
    from sklearn.decomposition import PCA

    fitted, shown = flat_pixels(train), flat_pixels(unseen)
    components = PCA(min(size, *fitted.shape), svd_solver="covariance_eigh").fit(fitted)
    return pixel_errors(shown, components.inverse_transform(components.transform(shown)))


def linear_decoder_errors(train: Images, codes: Codes, unseen: Images, unseen_codes: Codes) -> dict[str, float]:
    """Scores the best linear decoder of codes, by least squares and `pixel_errors`.

    It is fitted to `train`, uint8 `(n, height, width)` or with channels, and its `codes` `(n, size)`, and reconstructs
    `unseen` likewise.
    """
    solution, *_ = np.linalg.lstsq(_with_one(codes), flat_pixels(train).astype(np.float64), rcond=None)
    return pixel_errors(flat_pixels(unseen), _with_one(unseen_codes) @ solution)


def pixel_errors(images: NDArray[np.floating], reconstructed: NDArray[np.floating]) -> dict[str, float]:
    """Computes mean squared error `mse` and binary cross-entropy `bce`, in nats, a pixel.

    Args:
        images: Originals in [0, 1].
        reconstructed: Their reconstructions, of the same shape. They are clipped to [0, 1]; for the cross-entropy to
            half a grey level from either end, since one pixel of paper on ink would cost without bound.
    """
    errors = np.clip(reconstructed, 0, 1) - images
    shares = np.clip(reconstructed, HALF_A_LEVEL, 1 - HALF_A_LEVEL)
    entropies = -(images * np.log(shares) + (1 - images) * np.log1p(-shares))
    return {"mse": float(np.mean(errors**2)), "bce": float(np.mean(entropies))}


def _with_one(codes: Codes) -> NDArray[np.float64]:
    return np.column_stack([codes.astype(np.float64), np.ones(len(codes))])
