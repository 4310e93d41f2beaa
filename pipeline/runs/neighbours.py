"""Digits beside the training images that lie nearest to them, for a person to look for copies."""

import numpy as np
from numpy.typing import NDArray

from pipeline.data.columns import available_rows, class_columns, rows_a_band
from pipeline.data.dataset import Splits, without_grey_channel
from pipeline.evaluation.memorization import TrainingImages
from pipeline.evaluation.pixels import unit_pixels
from pipeline.training.family import Generated
from pipeline.training.pictures import Picture

ROWS = 8
GENERATED = 40  # images a class


def draw_neighbours(generated: Generated, splits: Splits, *, rows: int = ROWS) -> Picture:
    """Lays images out in a pair of columns a class: an image, and the nearest training image to its right.

    Each pair of columns is of one class; generated digits keep their order where none was asked for. Of `GENERATED`
    images of a class or so, the first are shown, in `rows` rows or fewer. The nearest are found among the training
    and the validation images; test images are shown in the same way, for how near unseen digits lie. The two blocks are
    `(rows, 2 * classes, height, width)`, or with channels.

    Raises:
        TooFewImagesError: A class has no image, or there are fewer than classes.
    """
    kept = np.concatenate([splits.train.images, splits.validation.images])
    training = TrainingImages(kept)
    classes = splits.format.classes
    columns = np.arange(len(generated.images)) % classes if generated.digits is None else generated.digits
    available = (available_rows(labels, classes=classes) for labels in (columns, splits.test.labels))
    rows = max(1, min(rows_a_band(rows, classes), *available))
    shown = _pairs(without_grey_channel(generated.images), columns, training, kept, (rows, classes))
    real = _pairs(splits.test.images, splits.test.labels, training, kept, (rows, classes))
    return Picture(
        [shown, real], ("generated, each beside its nearest training image", "test images, likewise"), "columns"
    )


def _pairs(
    images: NDArray[np.generic],
    digits: NDArray[np.integer],
    training: TrainingImages,
    kept: NDArray[np.uint8],
    shape: tuple[int, int],
) -> NDArray[np.float32]:
    rows, classes = shape
    columns = class_columns(images, digits, rows=rows, classes=classes)
    flat = columns.reshape(-1, *columns.shape[2:])
    nearest = training.nearest(flat).indices
    pairs = np.stack([unit_pixels(flat), unit_pixels(kept[nearest])], axis=1)
    return pairs.reshape(rows, -1, *columns.shape[2:]) * np.float32(2) - np.float32(1)
