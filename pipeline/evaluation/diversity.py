"""Diversity in a class: similarity of digits of one class, after Odena et al. 2016 (arXiv 1610.09585), section 4.2.

They use multi-scale SSIM on larger images; images of 28 pixels have room for one scale.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.pixels import unit_pixels

WINDOW_SIGMA = 1.5
WINDOW_RADIUS = 5
LUMINANCE_CONSTANT = 0.01**2
CONTRAST_CONSTANT = 0.03**2
PAIRS = 1000


def ssim(first: NDArray[np.generic], second: NDArray[np.generic]) -> NDArray[np.float64]:
    """Computes the structural similarity of pairs (Wang et al. 2004, IEEE Transactions on Image Processing 13).

    The parameters are those of its authors: a Gaussian window of 11 pixels and standard deviation 1.5, K₁ = 0.01,
    K₂ = 0.03. The mean is over the windows that lie within the image, and over channels. Both arguments are n images
    as `unit_pixels` takes them.

    Returns:
        `(n,)`, 1 for equal images, about 0 for unrelated ones, -1 at least.

    Raises:
        ValueError: The images differ in shape, or are smaller than the window.
    """
    x, y = (unit_pixels(images).astype(np.float64) for images in (first, second))
    if x.shape != y.shape or min(x.shape[1:3]) <= 2 * WINDOW_RADIUS:
        raise ValueError(
            f"`first` and `second` must be of one shape, {2 * WINDOW_RADIUS + 1} pixels or more each way. "
            f"Received: {x.shape} and {y.shape}"
        )
    x_mean, y_mean = _windowed(x), _windowed(y)
    x_variance, y_variance = _windowed(x * x) - x_mean**2, _windowed(y * y) - y_mean**2
    covariance = _windowed(x * y) - x_mean * y_mean
    luminance = (2 * x_mean * y_mean + LUMINANCE_CONSTANT) / (x_mean**2 + y_mean**2 + LUMINANCE_CONSTANT)
    structure = (2 * covariance + CONTRAST_CONSTANT) / (x_variance + y_variance + CONTRAST_CONSTANT)
    similarity: NDArray[np.float64] = (luminance * structure).mean(axis=tuple(range(1, x.ndim)))
    return similarity


def ssim_by_digit(
    images: NDArray[np.generic], digits: NDArray[np.integer], *, seed: int, pairs: int = PAIRS
) -> NDArray[np.float64]:
    """Computes the mean SSIM over random pairs of different images of one class.

    Args:
        images: As `unit_pixels` takes them, n of them.
        digits: Their digits, whole numbers from 0, `(n,)`.
        seed: Seed of the pairs, 0 or more.
        pairs: Pairs of each class, drawn with replacement; 1 or more.

    Returns:
        A mean for each digit from 0 to the highest: lower where a class is more diverse, 1 where it repeats an image,
        NaN where it has under two.
    """
    means = np.full(int(digits.max(initial=0)) + 1, np.nan)
    for digit in range(len(means)):
        members = np.flatnonzero(digits == digit)
        if len(members) >= 2:
            random = np.random.default_rng([seed, digit])
            first = random.integers(len(members), size=pairs)
            second = (first + random.integers(1, len(members), size=pairs)) % len(members)
            means[digit] = ssim(images[members[first]], images[members[second]]).mean()
    return means


def _windowed(images: NDArray[np.float64]) -> NDArray[np.float64]:
    # Not at the top: commands that measure no SSIM would wait a third of a second for it.
    from scipy.ndimage import gaussian_filter

    smooth: NDArray[np.float64] = gaussian_filter(images, WINDOW_SIGMA, radius=WINDOW_RADIUS, axes=(1, 2))
    within = slice(WINDOW_RADIUS, -WINDOW_RADIUS)
    return smooth[:, within, within]
