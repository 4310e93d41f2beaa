"""The number format that layers compute in, chosen while a model is built."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

FULL = "float32"


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Makes every layer that is built in the block compute in a precision, unless the layer has a policy of its own.

    `precision` names a dtype policy of Keras, such as `float32` or `mixed_bfloat16`.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
