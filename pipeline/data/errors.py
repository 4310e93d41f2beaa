"""Errors of the data."""

import tokenize
import zipfile
import zlib

from pipeline.settings.errors import PipelineError

# NumPy reads the header of an array as Python's text.
_HEADER = (SyntaxError, tokenize.TokenError)
UNREADABLE = (
    AssertionError,  # of Pillow, where a palette is missing
    OSError,
    EOFError,
    KeyError,
    MemoryError,
    OverflowError,
    RuntimeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
    *_HEADER,
)


class DataError(PipelineError):
    """The data cannot be fetched or read, or are not what they should be."""
