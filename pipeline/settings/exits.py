"""The early end of a command: one line on standard error, and an exit status that says why."""

import sys
from typing import NoReturn

from pipeline.settings.errors import PipelineError

FAILED, REFUSED, INTERRUPTED, TERMINATED = 1, 2, 130, 143


class JobFailedError(PipelineError):
    """A job of a sweep failed; its own error has been printed already."""


def leave(text: str, status: int) -> NoReturn:
    """Ends the command with `error: TEXT` on standard error and an exit status, by raising SystemExit."""
    sys.stderr.write(f"error: {text}\n")
    raise SystemExit(status)
