"""Networks, the join of two of them, and what is read off their layers.

Imported first, this package imports TensorFlow without the lines on drivers and processors that it writes to standard
error before its log level counts.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _silent_standard_error() -> Iterator[None]:
    """Keeps what C++ code writes to standard error; shows it only if the block fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


with _silent_standard_error():
    import keras

# Its warning of retraced functions counts every model's own function, so that two trainings in a row set it off.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
# A user's own ~/.keras/keras.json would change the networks, and no hash would show it.
keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")
keras.config.set_epsilon(1e-7)
