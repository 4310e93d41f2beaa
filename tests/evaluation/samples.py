"""Small stand-ins for digits and a judge: ten kinds of images, ten clouds of features."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.evaluation.sample import Sample


def draw_images(seed: int, count: int, *, smoothness: float = 3.0) -> NDArray[np.uint8]:
    """Strokes as smooth as those of digits: each image differs from every other."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(count, 28, 28)), smoothness, axes=(1, 2))
    images: NDArray[np.uint8] = np.rint(255 * np.clip(noise * 3 * smoothness, 0, 1)).astype(np.uint8)
    return images


def draw_sample(seed: int, count: int = 400, *, sure: float = 0.97, offset: float = 0.0) -> Sample:
    """Digits that a judge reads right, each class a Gaussian cloud of 16 features."""
    random = np.random.default_rng([seed, 1])
    digits = random.integers(0, 10, count)
    centres = np.random.default_rng(0).normal(size=(10, 16)) * 2
    probabilities = np.full((count, 10), (1 - sure) / 9)
    probabilities[np.arange(count), digits] = sure
    features = (centres[digits] + random.normal(size=(count, 16)) + offset).astype(np.float32)
    return Sample(draw_images(seed, count), digits, probabilities, features)
