"""Errors of the data."""

import zipfile
import zlib

from pipeline.settings.errors import PipelineError

UNREADABLE = (OSError, EOFError, KeyError, OverflowError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)


class DataError(PipelineError):
    """The data cannot be fetched or read, or are not MNIST."""
