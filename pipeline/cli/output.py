"""Standard output and error that may be closed or full: what cannot be written is lost, and the command goes on."""

import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO


class LossyFile(io.FileIO):
    """A file open for writing that loses what it cannot take; `on_loss` is called with the first error."""

    def __init__(self, descriptor: int, on_loss: Callable[[OSError], object]) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._on_loss, self._whole = on_loss, True

    def write(self, content: Any, /) -> int:
        """Returns the number of bytes that were written, or of all where they are lost."""
        try:
            return super().write(content)
        except OSError as error:
            if self._whole:
                self._whole = False
                self._on_loss(error)
            return memoryview(content).nbytes


def survive_lost_output() -> None:
    """Puts streams in place of `sys.stdout` and `sys.stderr` that lose what a closed pipe or a full disk refuses.

    The first loss of standard output is one line on standard error. Streams that are not the process's own stay.
    """
    for name, on_loss in (("stdout", _warn), ("stderr", lambda _error: None)):
        stream = getattr(sys, name)
        if stream is None:  # closed before the command; its number must not become another file's
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _lossy(stream, on_loss))


def _lossy(stream: TextIO, on_loss: Callable[[OSError], object]) -> TextIO:
    stream.flush()
    buffer = io.BufferedWriter(LossyFile(stream.fileno(), on_loss))
    return io.TextIOWrapper(buffer, stream.encoding, errors="backslashreplace", line_buffering=True)


def _warn(error: OSError) -> None:
    sys.stderr.write(f"warning: the output cannot be written ({error.strerror}): the command goes on without it\n")
