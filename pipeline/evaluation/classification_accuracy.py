"""Classification accuracy score of Ravuri and Vinyals 2019 (arXiv 1905.10887): do generated digits teach a classifier?

A classifier learns from generated digits alone and reads real ones. It errs where generated digits are wrong, and where
they lack the variety of real ones.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.data.keys import Key
from pipeline.evaluation.accuracy import accuracy, confusion
from pipeline.settings.errors import PipelineError

Digits = NDArray[np.integer]
Reader = Callable[[NDArray[np.generic]], NDArray[np.floating]]
Learn = Callable[[NDArray[np.generic], Digits], Reader]

CLASSIFICATION_ACCURACY = Key("classification_accuracy")


class MissingDigitsError(PipelineError):
    """The generated digits lack a class, so that a classifier cannot learn it."""


def classification_accuracy(
    generated: NDArray[np.generic], asked: Digits, *, unseen: NDArray[np.generic], labels: Digits, learn: Learn
) -> float:
    """Computes the share of real digits, in [0, 1], that a classifier reads right after learning from generated ones.

    Its reference is the share after learning from real digits.

    Args:
        generated: Generated images, n of them, as `learn` takes them.
        asked: The digits asked for, whole numbers from 0, `(n,)`.
        unseen: Real images, m of them, as the reader takes them.
        labels: Their digits, likewise, `(m,)`.
        learn: Trains a classifier on images and digits; returns its function from images to p(y given x),
            `(m, classes)`.

    Raises:
        MissingDigitsError: A digit of `labels` was never asked for.
    """
    missing = sorted(set(labels.tolist()) - set(asked.tolist()))
    if missing:
        raise MissingDigitsError(
            f"`asked` must hold every digit that is to be read. Received: none of {', '.join(map(str, missing))}"
        )
    read = learn(generated, asked)
    return accuracy(confusion(read(unseen), labels))
