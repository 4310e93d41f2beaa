"""A project's folder that was moved or copied: the store's absolute addresses must follow."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

_ADDRESSES = (
    *(("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location")),
    *(("model_versions", "source"), ("model_versions", "storage_location")),
)


def follow_moved_folder(file: Path, artifacts: Path) -> None:
    """Points the addresses in a default store's SQLite file at the artifacts beside it, a folder an experiment."""
    with closing(sqlite3.connect(file, timeout=30)) as connection, connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'logged_models'").fetchone():
            return
        rows = connection.execute("SELECT name, artifact_location FROM experiments").fetchall()
        suffixes = ((location or "", f"/{artifacts.name}/{quote(name)}") for name, location in rows)
        places = {location.removesuffix(name) for location, name in suffixes if location.endswith(name)}
        for place in places - {artifacts.parent.as_uri()}:
            _replace(connection, f"{place}/{artifacts.name}/", f"{artifacts.as_uri()}/")


def _replace(connection: sqlite3.Connection, old: str, new: str) -> None:
    for table, column in _ADDRESSES:
        connection.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
            (new, len(old) + 1, len(old), old),
        )
