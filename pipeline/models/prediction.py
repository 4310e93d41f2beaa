"""What a network computes for more inputs than it takes at once."""

from operator import itemgetter
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def predict(model: keras.Model, inputs: NDArray[Any] | dict[str, NDArray[Any]], *, batch_size: int) -> Any:
    """Computes the outputs of a model for n inputs, in inference, `batch_size` at once.

    Keras' own `predict` builds a pipeline of tf.data in each call, which takes a fraction of a second.

    Args:
        model: A model of one input or named ones, and of one output or named ones.
        inputs: An array `(n, …)`, or one by each input's name; n is 1 or more.
        batch_size: Inputs at once; the last batch may be smaller.

    Returns:
        An array `(n, …)`, or one by each output's name.
    """
    count = len(keras.tree.flatten(inputs)[0])
    outputs = []
    for first in range(0, count, batch_size):
        batch = keras.tree.map_structure(itemgetter(slice(first, first + batch_size)), inputs)
        outputs.append(model.predict_on_batch(batch))
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)
