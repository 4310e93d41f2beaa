"""Hashes of files."""

import hashlib
from pathlib import Path


def file_digest(path: Path) -> str:
    """Gives the SHA-256 of a file, in hexadecimal.

    Args:
        path: The file.

    Returns:
        64 digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
