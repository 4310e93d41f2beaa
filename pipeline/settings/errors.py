"""Errors that a user can mend; their text is the whole message."""

from collections.abc import Iterator
from contextlib import contextmanager


class PipelineError(Exception):
    """Something the user can mend; a command prints its text and exits with status 2."""


class SettingsError(PipelineError):
    """A setting is unknown, of the wrong type or out of range."""


class PathError(PipelineError):
    """The system refuses a path: it may not be read, or is too long."""


@contextmanager
def one_line_paths() -> Iterator[None]:
    """Turns what the system says of a path within the block into one line.

    Raises:
        PathError: It refused one.
    """
    try:
        yield
    except OSError as error:
        raise PathError(f"{error.filename or 'a path'} cannot be used: {error.strerror or error}") from error
