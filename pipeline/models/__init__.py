"""Networks, the join of two of them, and what is read off their layers.

Imported first, this package imports TensorFlow without the lines on drivers and processors that it writes to standard
error before its log level counts.
"""

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
    import tensorflow  # noqa: F401
