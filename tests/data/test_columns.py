import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.columns import TooFewImagesError, available_rows, class_columns


def test_each_column_of_real_digits_holds_exactly_one_class() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 500)
    images = np.broadcast_to(labels[:, None, None], (500, 28, 28)).astype(np.uint8)
    columns = class_columns(images, labels, rows=20, classes=10)
    assert columns.shape == (20, 10, 28, 28)
    assert columns.dtype == np.uint8
    assert (columns == np.arange(10)[:, None, None]).all()


def test_a_column_holds_the_first_images_of_its_class_in_order() -> None:
    labels = np.array([1, 0, 1, 0, 0, 1])
    images = np.arange(6).reshape(6, 1, 1)
    np.testing.assert_array_equal(class_columns(images, labels, rows=2, classes=2)[..., 0, 0], [[1, 0], [3, 2]])


def test_a_class_with_too_few_images_is_named() -> None:
    labels = np.array([0, 0, 1])
    with pytest.raises(TooFewImagesError, match=r"class 1 has 1. Received: 2"):
        class_columns(np.zeros((3, 2, 2)), labels, rows=2, classes=2)


def test_as_many_rows_are_available_as_the_rarest_class_has_images() -> None:
    assert available_rows(np.array([0, 0, 1, 1, 1]), classes=2) == 2
    assert available_rows(np.array([0, 0, 1, 1, 1]), classes=3) == 0


@pytest.mark.parametrize(("labels", "rows"), [(np.zeros(2, int), 1), (np.zeros(3, int), 0)])
def test_labels_of_another_length_and_no_rows_are_refused(labels: NDArray[np.int64], rows: int) -> None:
    with pytest.raises(ValueError, match="the same length, and `rows` must be at least 1"):
        class_columns(np.zeros((3, 2, 2)), labels, rows=rows, classes=1)
