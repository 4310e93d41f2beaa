"""Digit score: Salimans et al. 2016 (arXiv 1606.03498), section 4, with the judge in Inception's place."""

import numpy as np
from numpy.typing import NDArray


def digit_score(probabilities: NDArray[np.floating]) -> float:
    """Computes exp of the mean KL divergence of p(y given x), `(n, classes)`, from p(y).

    Returns:
        1 where the judge reads every image alike, up to the number of classes where it is certain of each image and
        reads all classes equally often.

    Raises:
        ValueError: There is no image, or a row is no distribution, which sums to 1 but for rounding.
    """
    # Not at the top, as in `diversity`.
    from scipy.special import rel_entr

    exact = probabilities.astype(np.float64)
    if not len(exact) or exact.min() < 0 or not np.allclose(exact.sum(axis=1), 1, atol=1e-3):
        raise ValueError(
            f"`probabilities` must be (n, classes), each row a distribution. Received: {probabilities.shape}"
        )
    exact /= exact.sum(axis=1, keepdims=True)
    return float(np.exp(rel_entr(exact, exact.mean(axis=0)).sum(axis=1).mean()))
