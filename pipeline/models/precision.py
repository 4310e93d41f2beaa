"""What layers compute in while a model is built."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

FULL = "float32"


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Lets every layer that is made in the block compute in a precision, but those that are given one of their own.

    Args:
        precision: The name of a dtype policy of Keras, such as `float32` or `mixed_bfloat16`.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
