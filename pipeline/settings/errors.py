"""Errors that a user can mend; their text is the whole message."""


class PipelineError(Exception):
    """Something the user can mend; a command prints its text and exits with status 2."""


class SettingsError(PipelineError):
    """A setting is unknown, of the wrong type or out of range."""
