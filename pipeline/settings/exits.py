"""How a command ends that does not come to its end: one line, and a status that says why."""

import sys
from typing import NoReturn

from pipeline.settings.errors import PipelineError

FAILED, REFUSED, INTERRUPTED, TERMINATED = 1, 2, 130, 143


class JobFailedError(PipelineError):
    """A job of a sweep failed; why was said when it did."""


def leave(text: str, status: int) -> NoReturn:
    """Ends the command with one line on standard error and an exit status."""
    sys.stderr.write(f"error: {text}\n")
    raise SystemExit(status)
