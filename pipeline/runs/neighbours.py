"""Digits beside the training images that lie nearest to them, for a person to look for copies."""

import numpy as np
from numpy.typing import NDArray

from pipeline.data.batches import DIGITS
from pipeline.data.columns import available_rows, class_columns
from pipeline.data.dataset import Splits
from pipeline.evaluation.memorization import TrainingImages
from pipeline.evaluation.pixels import unit_pixels
from pipeline.training.family import Generated
from pipeline.training.pictures import Picture

ROWS = 8
GENERATED = 400


def draw_neighbours(generated: Generated, splits: Splits, *, rows: int = ROWS) -> Picture:
    """Lays digits out in ten pairs of columns: a digit, and the nearest training image to its right.

    Each pair of columns is of one class; generated digits keep their order where none was asked for. Of `GENERATED`
    digits or so, the first of each class are shown, in `rows` rows or fewer. The nearest are found among the training
    and the validation images; test images are shown in the same way, for how near unseen digits lie. The two blocks are
    `(rows, 20, 28, 28)`.

    Raises:
        TooFewImagesError: A class has no digit, or there are fewer than ten.
    """
    kept = np.concatenate([splits.train.images, splits.validation.images])
    training = TrainingImages(kept)
    columns = np.arange(len(generated.images)) % DIGITS if generated.digits is None else generated.digits
    rows = max(1, min(rows, available_rows(columns), available_rows(splits.test.labels)))
    shown = _pairs(generated.images[..., 0], columns, training, kept, rows)
    real = _pairs(splits.test.images, splits.test.labels, training, kept, rows)
    return Picture([shown, real], ("generated, each beside its nearest training image", "test images, likewise"))


def _pairs(
    images: NDArray[np.generic],
    digits: NDArray[np.integer],
    training: TrainingImages,
    kept: NDArray[np.uint8],
    rows: int,
) -> NDArray[np.float32]:
    columns = class_columns(images, digits, rows=rows)
    flat = columns.reshape(-1, *columns.shape[2:])
    nearest = training.nearest(flat).indices
    pairs = np.stack([unit_pixels(flat), unit_pixels(kept[nearest])], axis=1)
    return pairs.reshape(rows, -1, *columns.shape[2:]) * np.float32(2) - np.float32(1)
